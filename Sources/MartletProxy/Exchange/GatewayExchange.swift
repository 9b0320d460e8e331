import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// One exchange on a route, from the head of the request to the record of its end. Used on its event loop only.
///
/// It is the request path of ARCHITECTURE.md written out in time: the stages are structs, this moves a request from one
/// to the next as its bytes arrive and stores answer.
public final class GatewayExchange {
  private enum State {
    case lookingUpKey
    case readingBody(AuthenticatedRequest)
    case working
    case answering(any ExchangeAnswer)
    case discardingBody
    case ended
  }

  let gateway: Gateway
  let client: any ClientStream
  var record: ExchangeRecord
  private let rendering: RejectionRendering
  private let router: RequestRouter
  private let path: String
  private let crossOrigin: CrossOriginPolicy
  private var state = State.working
  private var body: [UInt8] = []
  private var bodyIsComplete = false
  private var stall: Scheduled<Void>?
  private var discarded = 0
  private var clientIsGone = false
  /// The request, where it is made with an account that may turn out to be unconnected.
  var withAccount: AdmittedRequest?
  private let entrance: SSEEntrance?
  private var lease: CallLease?
  /// The stream on which this message is answered, for a client of 2024-11-05.
  private var eventStream: NIOLoopBound<SSEClientSession>?

  /// - Parameters:
  ///   - path: The path as the client spelled it, which its challenge must name (D12).
  ///   - entrance: The way that it came, where that isn't the route's own.
  init(
    gateway: Gateway, settings: GatewaySettings, request: IncomingRequest, path: String, entrance: SSEEntrance?,
    client: any ClientStream
  ) {
    self.gateway = gateway
    self.client = client
    self.path = path
    self.entrance = entrance
    record = ExchangeRecord(request)
    rendering = RejectionRendering(settings: settings)
    router = RequestRouter(settings: settings)
    crossOrigin = CrossOriginPolicy(request: request, router: router)
    begin(request)
  }

  /// Begins an exchange whose caller was proven already, by the request that brought its message.
  init(gateway: Gateway, authenticated request: AuthenticatedRequest, client: any ClientStream) {
    self.gateway = gateway
    self.client = client
    path = request.routed.incoming.path
    entrance = nil
    record = ExchangeRecord(request.routed.incoming)
    record.route = request.routed.route.resource.id.path
    record.principal = request.principal
    record.flow = request.principal.flow
    rendering = RejectionRendering(settings: request.routed.settings)
    router = RequestRouter(settings: request.routed.settings)
    crossOrigin = CrossOriginPolicy(request: request.routed.incoming, router: router)
    do throws(Rejection) { try accept(request) } catch { reject(error) }
  }

  private func begin(_ request: IncomingRequest) {
    do throws(Rejection) {
      let routed = try router.route(request)
      record.route = routed.route.resource.id.path
      if request.method == "OPTIONS" { return answer(crossOrigin.preflight(), reason: "preflight") }
      let credential = try gateway.authenticator.credential(of: routed)
      guard let lookUp = gateway.authenticator.lookUp(credential, of: routed, on: client.eventLoop) else {
        return try authenticate(routed, with: credential, isFirst: false)
      }
      state = .lookingUpKey
      lookUp.assumeIsolated().whenSuccess { [self] in keyLookedUp(routed, credential, $0) }
    } catch {
      reject(error, route: gateway.routeID(request.path, rendering.settings))
    }
  }

  private func keyLookedUp(_ routed: RoutedRequest, _ credential: PresentedCredential, _ rejection: Rejection?) {
    guard case .lookingUpKey = state else { return }
    state = .working
    do throws(Rejection) {
      if let rejection { throw rejection }
      try authenticate(routed, with: credential, isFirst: true)
      guard case .readingBody = state else { return }
      if bodyIsComplete { receiveEnd() } else { watchBody() }
    } catch { reject(error) }
  }

  private func authenticate(
    _ routed: RoutedRequest, with credential: PresentedCredential, isFirst: Bool
  ) throws(Rejection) {
    let (authenticated, isNew) = try gateway.authenticator.authenticate(routed, with: credential)
    record.principal = authenticated.principal
    record.flow = authenticated.principal.flow
    if isFirst || isNew { gateway.recorder.presented(record) }
    try accept(authenticated)
  }

  private func accept(_ request: AuthenticatedRequest) throws(Rejection) {
    let incoming = request.routed.incoming
    if let entrance {
      guard incoming.method == entrance.method else { throw .methodNotAllowed(allow: entrance.method + ", OPTIONS") }
      if entrance.role == .stream {
        return begin(SSEClientSession(exchange: self, request: request)) { $0.start() }
      }
      eventStream = try gateway.sseClients.session(query: incoming.query, for: request.principal)
    }
    switch incoming.method {
    case "POST":
      let headers = incoming.headers
      guard headers.count(.contentType) == 1, MediaType.isJSON(bytes: headers.bytes(of: .contentType)) else {
        throw .unsupportedMediaType
      }
      if let length = headers.first(.contentLength).flatMap({ Int($0) }) {
        if length > GatewayLimits.requestBody { throw .bodyTooLarge }
        if body.isEmpty { body.reserveCapacity(min(length, GatewayLimits.trustedLength)) }
      }
      state = .readingBody(request)
    case "GET", "DELETE":
      // Without a session there is no stream to have; 405 is what tells every client so (X3).
      guard incoming.headers.count(.mcpSessionID) > 0 else { throw .methodNotAllowed(allow: "POST, OPTIONS") }
      proceed(try gateway.classifier.classifyBodiless(request))
    default: throw .methodNotAllowed(allow: "GET, POST, DELETE, OPTIONS")
    }
  }

  // MARK: - The client's side

  /// A part of the request's body arrived.
  public func receive(_ bytes: ByteBuffer) {
    switch state {
    case .readingBody, .lookingUpKey:
      guard body.count + bytes.readableBytes <= GatewayLimits.requestBody else { return reject(.bodyTooLarge) }
      body.append(contentsOf: bytes.readableBytesView)
    case .discardingBody:
      discarded += bytes.readableBytes
      if discarded > GatewayLimits.discardedBody { client.abort() }
    case .working, .answering, .ended: break
    }
  }

  /// What has arrived is used up, and the request goes on: from now on it has to keep its pace.
  public func awaitBody() {
    if case .readingBody = state, stall == nil { watchBody() }
  }

  /// The request is complete.
  public func receiveEnd() {
    bodyIsComplete = true
    stall?.cancel()
    switch state {
    case .readingBody(let request):
      do throws(Rejection) {
        let classified = try gateway.classifier.classify(request, body: body)
        body = []
        if let eventStream { hand(classified, to: eventStream) } else { proceed(classified) }
      } catch { reject(error) }
    case .discardingBody:
      state = .ended
      client.finish()
    case .lookingUpKey, .working, .answering, .ended: break
    }
  }

  /// The client is gone.
  public func disconnected() {
    clientIsGone = true
    stall?.cancel()
    switch state {
    // The answer decides whether the call goes on without its client; it ends the record either way.
    case .answering(let answer): answer.clientDisconnected()
    case .readingBody, .lookingUpKey, .working: answerEnded(reason: "client_disconnected")
    case .discardingBody, .ended: state = .ended
    }
  }

  /// What waited for a slow reader has gone out, or begins to wait.
  public func writabilityChanged() {
    if case .answering(let answer) = state { answer.clientWritabilityChanged() }
  }

  private func watchBody() {
    let deadline = BodyPace(startedAt: record.startedAt).deadline(received: body.count)
    stall = client.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      guard let self, case .readingBody = state else { return }
      let later = BodyPace(startedAt: record.startedAt).deadline(received: body.count)
      if later > .now() { watchBody() } else { reject(.bodyTimeout) }
    }
  }

  // MARK: - The stages after the body

  private func proceed(_ request: ClassifiedRequest) {
    state = .working
    if let message = request.message { record.describe(message) }
    // The modern era has POST only (§4.1).
    if request.message == nil, request.classification.era == .modern {
      return reject(.methodNotAllowed(allow: "POST, OPTIONS"))
    }
    // `initialize` begins anew, whatever stale id it carries (X2); the modern era has no sessions.
    if request.message?.method == .initialize || request.classification.era == .modern {
      return forward(request, in: nil)
    }
    switch gateway.resolver.resolve(request.authenticated, id: request.id, on: client.eventLoop) {
    case .ready(let result): resolved(result, request)
    case .later(let future):
      future.assumeIsolated().whenSuccess { [self] result in
        if case .working = state { resolved(result, request) }
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
    switch gateway.admission.admit(request, in: session, on: client.eventLoop) {
    case .ready(let result): admitted(result, request, session)
    case .later(let future):
      future.assumeIsolated().whenSuccess { [self] result in
        if case .working = state { admitted(result, request, session) }
      }
    }
  }

  private func admitted(
    _ result: Result<AdmittedRequest, Rejection>, _ request: ClassifiedRequest, _ session: BoundSession?
  ) {
    // Its tools can't be looked at without an account: the client is led to where that is connected, and nothing goes on.
    if case .failure(.connectionRequired) = result {
      let route = request.authenticated.principal.route
      return answerUnconnected(AdmittedRequest(classified: request, session: session, permit: .system(route: route)))
    }
    if case .failure(.approvalRequired(let id, _)) = result { return answerUnapproved(id, request, in: session) }
    do throws(Rejection) {
      let admitted = try result.get()
      lease = admitted.lease
      switch gateway.injector.inject(admitted, on: client.eventLoop) {
      case .ready(let standing): try go(on: standing.get())
      case .later(let future): later(future) { (exchange, standing) throws(Rejection) in try exchange.go(on: standing) }
      }
    } catch { reject(error) }
  }

  private func go(on standing: ConnectionStanding) throws(Rejection) {
    switch standing {
    case .unconnected(let request):
      if !listen(for: request) { answerUnconnected(request) }
    case .connected(let request):
      if request.account != nil, answerConnected(request) { return }
      switch gateway.eras.resolve(request, on: client.eventLoop) {
      case .ready(let era): try carry(request, to: era.get())
      case .later(let future):
        later(future) { (exchange, era) throws(Rejection) in try exchange.carry(request, to: era) }
      }
    }
  }

  private func later<Value: Sendable>(
    _ future: EventLoopFuture<Result<Value, Rejection>>,
    _ goOn: @escaping (GatewayExchange, Value) throws(Rejection) -> Void
  ) {
    future.assumeIsolated().whenSuccess { [self] result in
      guard case .working = state else { return }
      do throws(Rejection) { try goOn(self, result.get()) } catch { reject(error) }
    }
  }

  private func carry(_ request: AdmittedRequest, to era: Era) throws(Rejection) {
    switch (request.classified.classification.era, era) {
    case (.modern, .modern), (.legacy, .legacy): try relay(request)
    case (.modern, .legacy): begin(ModernOverLegacy(exchange: self, request: request)) { $0.start() }
    case (.legacy, .modern): begin(LegacyOverModern(exchange: self, request: request)) { $0.start() }
    }
  }

  func begin<Answer: ExchangeAnswer>(_ answer: Answer, _ start: (Answer) -> Void) {
    record.isForwarded = true
    state = .answering(answer)
    start(answer)
  }

  private func relay(_ request: AdmittedRequest) throws(Rejection) {
    guard request.classified.message == nil else {
      if request.classified.message?.method == .initialize, request.classified.classification.era == .legacy {
        return begin(SessionOpening(exchange: self, request: request)) { $0.start() }
      }
      return begin(AnswerRelay(exchange: self, request: request)) { $0.start() }
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

  /// An upstream without sessions of its own: ours ends alone.
  func endSession(_ session: BoundSession?) {
    guard let session else { return answer(GatewayResponse(status: 200), reason: nil) }
    gateway.end(session.session, on: client.eventLoop).assumeIsolated().whenComplete { [self] result in
      guard case .working = state else { return }
      switch result {
      case .success: answer(GatewayResponse(status: 200), reason: nil)
      case .failure: reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  /// Gives a message to the stream that it is answered on; there an exchange of its own is made and recorded.
  private func hand(_ request: ClassifiedRequest, to eventStream: NIOLoopBound<SSEClientSession>) {
    state = .working
    guard let message = request.message else { return reject(.unknownSession(id: nil)) }
    eventStream.eventLoop.submit { eventStream.value.take(request.authenticated, message, request.bytes) }
      .hop(to: client.eventLoop).assumeIsolated().whenSuccess { [self] rejection in
        guard case .working = state else { return }
        if let rejection { return reject(rejection) }
        state = .ended
        sendHead(GatewayResponse.Head(status: 202), length: 0)
        client.finish()
      }
  }

  // MARK: - Answers

  /// Refuses, renders, records.
  func reject(_ rejection: Rejection, route: RouteID? = nil) {
    record.reason = rejection.reason
    record.isForwarded = false
    if case .connectionRequired = rejection, let withAccount { return answerUnconnected(withAccount) }
    if case .unauthenticated = rejection, let route { record.flow = gateway.recorder.probed(record, route: route) }
    answer(rendering.render(rejection, path: path), reason: rejection.reason)
  }

  /// Sends a whole answer that came from the upstream, and ends.
  func deliver(_ response: GatewayResponse) {
    answer(response, reason: response.head.status < 400 ? nil : "upstream_status_\(response.head.status)")
  }

  func answer(_ response: GatewayResponse, reason: String?) {
    if clientIsGone { return answerEnded(reason: "client_disconnected") }
    stall?.cancel()
    record.reason = reason
    record.status = response.head.status
    // Before the client hears of it: what it does next must not come first in the trail.
    finishRecord()
    sendHead(response.head, length: response.body.count)
    if !response.body.isEmpty, record.method != "HEAD" { client.send(body: ByteBuffer(bytes: response.body)) }
    if bodyIsComplete {
      state = .ended
      client.finish()
    } else {
      state = .discardingBody
      let client = self.client
      stall = client.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.discardTime) { client.abort() }
    }
  }

  /// Sends the head of an answer, with what every answer carries.
  func sendHead(_ head: GatewayResponse.Head, length: Int?) {
    var head = head
    crossOrigin.decorate(&head)
    record.status = head.status
    client.send(head: head, length: length)
  }

  /// Sends the head of a JSON answer that is relayed as it comes.
  func sendJSONHead(length: Int?) {
    record.status = 200
    client.send(head: crossOrigin.jsonHead, length: length)
  }

  /// The answer is done; what happened is written down.
  ///
  /// - Parameter status: The status, where the head has not been sent yet.
  func answerEnded(reason: String?, status: Int? = nil) {
    record.reason = reason ?? record.reason
    if let status { record.status = status }
    finishRecord()
    state = .ended
  }

  private func finishRecord() {
    if case .ended = state { return }
    // Where the client is gone, the work may go on: then it is given back when nobody holds it any more.
    if !clientIsGone { lease?.release() }
    lease = nil
    gateway.recorder.finished(record)
  }
}
