import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore

/// From the message to the answer that brings it to a server: session, policy, account, era.
extension GatewayExchange {
  func proceed(_ request: ClassifiedRequest) {
    state = .working
    record.describe(request)
    // The modern era has POST only (§4.1).
    if !request.hasMessage, request.classification.era == .modern {
      return reject(.methodNotAllowed(allow: "POST, OPTIONS"))
    }
    // `initialize` begins anew, whatever stale id it carries (X2); the modern era has no sessions.
    if request.classification.era == .modern || request.method == .initialize {
      return forward(request, in: nil)
    }
    switch gateway.resolver.resolve(request.authenticated, id: request.id, on: eventLoop) {
    case .ready(let result): resolved(result, request)
    case .later(let future):
      future.assumeIsolated().whenSuccess { [self] result in
        if goesOn() { resolved(result, request) }
      }
    }
  }

  private func resolved(_ result: Result<BoundSession?, Rejection>, _ request: ClassifiedRequest) {
    switch result {
    case .failure(let rejection): reject(rejection)
    case .success(let session): forward(request, in: session)
    }
  }

  private func forward(_ request: ClassifiedRequest, in session: BoundSession?) {
    switch gateway.admission.admit(request, in: session, for: self) {
    case .ready(let result): admitted(result, request, session)
    case .later(let future):
      future.assumeIsolated().whenSuccess { [self] result in
        if goesOn() { admitted(result, request, session) }
      }
    }
  }

  private func admitted(
    _ result: Result<AdmittedRequest, Rejection>, _ request: ClassifiedRequest, _ session: BoundSession?
  ) {
    // Its tools can't be looked at without an account: the client is led to where that is connected, and nothing goes on.
    if case .failure(.connectionRequired(let need, _)) = result {
      let route = request.authenticated.principal.route
      let request = AdmittedRequest(classified: request, session: session, permit: .system(route: route))
      return answerUnconnected(request, need)
    }
    if case .failure(.approvalRequired(let id, _)) = result { return answerUnapproved(id, request, in: session) }
    do throws(Rejection) {
      let admitted = try result.get()
      lease = admitted.lease
      try after(gateway.injector.inject(admitted, on: eventLoop)) { (exchange, standing) throws(Rejection) in
        try exchange.go(on: standing)
      }
    } catch { reject(error) }
  }

  private func go(on standing: ConnectionStanding) throws(Rejection) {
    switch standing {
    case .unconnected(let request, let need):
      if !listen(for: request) { answerUnconnected(request, need) }
    case .connected(let request):
      if request.account != nil, answerConnected(request) { return }
      try after(gateway.eras.resolve(request, on: eventLoop)) { (exchange, era) throws(Rejection) in
        try exchange.carry(request, to: era)
      }
    }
  }

  /// Goes on with what a stage answers, now or when it has.
  private func after<Value: Sendable>(
    _ stage: Staged<Value>, _ goOn: @escaping (GatewayExchange, Value) throws(Rejection) -> Void
  ) throws(Rejection) {
    switch stage {
    case .ready(let result): try goOn(self, result.get())
    case .later(let future):
      future.assumeIsolated().whenSuccess { [self] result in
        guard goesOn() else { return }
        do throws(Rejection) { try goOn(self, result.get()) } catch { reject(error) }
      }
    }
  }

  /// Whether it is still to be made after a wait: its client is there, and the caller's access wasn't taken away meanwhile.
  var isWanted: Bool {
    guard case .working = state else { return false }
    return !isShutOut
  }

  /// Whether the caller's access was taken away since the request came. Asked wherever one waited before it is sent.
  var isShutOut: Bool { record.principal.map { gateway.authenticator.revocations.isRevoked($0) } ?? false }

  /// The same; whoever lost access is told so.
  private func goesOn() -> Bool {
    if isWanted { return true }
    if case .working = state { reject(.invalidToken(reason: Authenticator.revoked)) }
    return false
  }

  private func carry(_ request: AdmittedRequest, to era: Era) throws(Rejection) {
    switch (request.classified.classification.era, era) {
    case (.modern, .modern), (.legacy, .legacy): try relay(request)
    case (.modern, .legacy): begin(ModernOverLegacy(exchange: self, request: request)) { $0.start() }
    case (.legacy, .modern): begin(LegacyOverModern(exchange: self, request: request)) { $0.start() }
    }
  }

  /// A server that refused what only the other era has, and so took nothing, is asked anew which it speaks; once.
  ///
  /// - Parameters:
  ///   - before: The era that it was taken to speak.
  ///   - refuse: What is done where it is the same as before.
  func askAnew(_ request: AdmittedRequest, after before: Era, otherwise refuse: @escaping (GatewayExchange) -> Void) {
    if hasAskedAnew { return refuse(self) }
    hasAskedAnew = true
    state = .working
    request.route.forgetEras()
    do throws(Rejection) {
      try after(gateway.eras.resolve(request, on: eventLoop)) { (exchange, era) throws(Rejection) in
        if era == before { refuse(exchange) } else { try exchange.carry(request, to: era) }
      }
    } catch { reject(error) }
  }

  func begin<Answer: ExchangeAnswer>(_ answer: Answer, _ start: (Answer) -> Void) {
    record.isForwarded = true
    state = .answering(answer)
    start(answer)
  }

  private func relay(_ request: AdmittedRequest) throws(Rejection) {
    guard !request.classified.hasMessage else {
      if request.classified.classification.era == .legacy, request.classified.method == .initialize {
        return begin(SessionOpening(exchange: self, request: request)) { $0.start() }
      }
      guard request.classified.mayNameTasks else { return answer(request, of: NamedTasks()) }
      return try after(gateway.tasks.allowed(request, on: eventLoop)) { exchange, tasks in
        exchange.answer(request, of: tasks)
      }
    }
    let isEnd = request.classified.incoming.method == "DELETE"
    guard let session = request.session?.session, session.upstreamSession != nil, !(isEnd && session.isUnconnected)
    else {
      if isEnd { return endSession(request.session) }
      throw .methodNotAllowed(allow: "POST, DELETE, OPTIONS")
    }
    if isEnd {
      let outbound = try gateway.selector.outbound(request)
      begin(SessionEnding(exchange: self, request: request, session: session)) { $0.start(outbound) }
    } else {
      begin(StreamAnswer(exchange: self, request: request, session: session)) { $0.start() }
    }
  }

  private func answer(_ request: AdmittedRequest, of named: NamedTasks) {
    let tasks = TaskAnswers(request, gateway.tasks, showing: named.own)
    begin(AnswerRelay(exchange: self, request: request, tasks: tasks, origin: named.instance)) { $0.start() }
  }

  /// An upstream without sessions of its own: ours ends alone.
  func endSession(_ session: BoundSession?) {
    guard let session else { return answer(GatewayResponse(status: 200), reason: nil) }
    gateway.end(session.session, on: eventLoop).assumeIsolated().whenComplete { [self] result in
      guard case .working = state else { return }
      switch result {
      case .success: answer(GatewayResponse(status: 200), reason: nil)
      case .failure: reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  /// Gives a message to the stream that it is answered on; there an exchange of its own is made and recorded.
  func hand(_ request: ClassifiedRequest, to eventStream: NIOLoopBound<SSEClientSession>) {
    state = .working
    guard let message = request.message else { return reject(.unknownSession(id: nil)) }
    eventStream.eventLoop.submit { eventStream.value.take(request.authenticated, message, request.bytes) }
      .hop(to: eventLoop).assumeIsolated().whenSuccess { [self] rejection in
        guard case .working = state else { return }
        if let rejection { return reject(rejection) }
        state = .ended
        sendHead(GatewayResponse.Head(status: 202), length: 0)
        client.finish()
      }
  }
}
