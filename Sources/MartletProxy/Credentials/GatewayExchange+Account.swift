import MCPProtocol
import MartletDomain

/// Requests that are made with an account of their caller.
extension GatewayExchange {
  /// The account isn't connected: the client is led to where it can be.
  func answerUnconnected(_ request: AdmittedRequest, _ need: ConnectionNeed) {
    withAccount = request
    let answer = connectionAnswer(request, need)
    if request.classified.message?.method == .initialize, request.classified.classification.era == .legacy {
      record.reason = UpstreamFailure.connectionRequired(need).code
      begin(UnconnectedOpening(exchange: self, request: request)) { $0.start(answer) }
      record.isForwarded = false
    } else if request.classified.incoming.method == "DELETE" {
      endSession(request.session)
    } else {
      self.answer(answer.response(), reason: UpstreamFailure.connectionRequired(need).code)
    }
  }

  /// A client that listens hears when the account is connected.
  ///
  /// - Returns: Whether it is one; who comes back for the rest of a stream is not.
  func listen(for request: AdmittedRequest) -> Bool {
    let incoming = request.classified.incoming
    guard incoming.method == "GET", incoming.headers.count("last-event-id") == 0, let account = request.account,
      let session = request.session?.session
    else { return false }
    begin(UnconnectedStream(exchange: self, request: request, session: session, account: account)) { $0.start() }
    record.isForwarded = false
    return true
  }

  private func connectionAnswer(_ request: AdmittedRequest, _ need: ConnectionNeed) -> ConnectionAnswer {
    let path = request.account.flatMap { gateway.injector.credentials.connectPath(for: $0) }
    let answer = ConnectionAnswer(
      request: request, need: need, path: path, elicitation: gateway.legacyBridge.questionID())
    if answer.elicits { gateway.pages.note(answer.elicitation, for: request.principal.binding) }
    return answer
  }

  /// Answers what only concerns the connection, which stands.
  ///
  /// - Returns: Whether it was that.
  func answerConnected(_ request: AdmittedRequest) -> Bool {
    withAccount = request
    guard ConnectTool.isCalled(by: request.classified.message), let id = request.classified.id else { return false }
    let classified = request.classified
    let name = classified.authenticated.routed.route.resource.displayName
    let messages = ClientMessages(exchange: self, id: id)
    let era = classified.classification.era
    if era == .legacy { messages.send(.notification(.init(method: .toolsListChanged))) }
    messages.conclude(MCPResponse(id: id, outcome: .result(ConnectTool.connected(name, era: era))))
    return true
  }

  /// What a client hears of a refusal on a stream that is open already, where that is more than that it failed.
  func response(to rejection: Rejection) -> MCPResponse? {
    guard case .connectionRequired(let need, _) = rejection, let withAccount,
      case .request(let message)? = withAccount.classified.message
    else { return nil }
    return connectionAnswer(withAccount, need).response(to: message)
  }
}
