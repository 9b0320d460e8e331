import MCPProtocol
import MartletDomain

/// Requests that are made with an account of their caller.
extension GatewayExchange {
  /// Keeps what an answer about the account is made of. Rules may look at a server's tools before they admit a request, so
  /// that the account is found to be unconnected before there is a permit; what is made here is only answered.
  func expectAccount(_ request: ClassifiedRequest, in session: BoundSession?) {
    let route = request.authenticated.routed.route
    guard route.credential.account(of: request.authenticated.principal, at: route.resource.id) != nil else { return }
    withAccount = AdmittedRequest(classified: request, session: session, permit: .system(route: route.resource.id))
  }

  /// The account isn't connected: the client is led to where it can be.
  func answerUnconnected(_ request: AdmittedRequest) {
    withAccount = request
    let answer = connectionAnswer(request)
    if request.classified.message?.method == .initialize, request.classified.classification.era == .legacy {
      record.reason = UpstreamFailure.connectionRequired.code
      begin(UnconnectedOpening(exchange: self, request: request)) { $0.start(answer) }
      record.isForwarded = false
    } else if request.classified.incoming.method == "DELETE" {
      endSession(request.session)
    } else {
      self.answer(answer.response(), reason: UpstreamFailure.connectionRequired.code)
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

  private func connectionAnswer(_ request: AdmittedRequest) -> ConnectionAnswer {
    let path = request.account.flatMap { gateway.injector.credentials.connectPath(for: $0) }
    let answer = ConnectionAnswer(request: request, path: path, elicitation: gateway.legacyBridge.questionID())
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
    guard case .connectionRequired = rejection, let withAccount,
      case .request(let message)? = withAccount.classified.message
    else { return nil }
    return connectionAnswer(withAccount).response(to: message)
  }
}
