import MCPProtocol
import MartletDomain

/// Calls that wait for somebody's approval.
extension GatewayExchange {
  /// Nobody has decided yet: the caller is led to where that is done, and told to try again.
  func answerUnapproved(_ id: ApprovalID, _ request: ClassifiedRequest, in session: BoundSession?) {
    guard let message = request.message?.request else { return reject(.approvalRequired(id, id: request.id)) }
    let link = request.authenticated.routed.settings.origin.string + ApprovalReturn(id).path
    let target = message.mirroredName ?? message.method.name
    let words = "This call of \(target) needs an approval."
    let advice =
      words + " Somebody who may approve it finds it here: \(link) Once it is approved, make the very same call again; "
      + "with anything changed, it needs another approval."
    let page = PageQuestion(
      purpose: .approval, classified: request, session: session, link: link,
      question: words + " Open the page to see how it stands, then try again.", advice: advice,
      elicitation: gateway.legacyBridge.questionID(),
      refusal: MCPResponse.Failure(code: .denied, message: advice, data: ["approval": .string(link)]))
    let response = MCPResponse(id: message.id, outcome: page.outcome(message))
    answer(.json(200, response.encoded()), reason: Rejection.approvalRequired(id, id: nil).reason)
  }
}
