import MCPProtocol
import NIOCore

/// How a legacy upstream is reached on behalf of one principal, for as long as a session with it lasts.
struct LegacyContact: Sendable {
  private let selector: UpstreamSelector
  private let transport: any UpstreamTransport
  private let request: AdmittedRequest

  /// - Parameter request: What was allowed; only who asks, for which route, is kept of it.
  init(selector: UpstreamSelector, transport: any UpstreamTransport, request: AdmittedRequest) {
    self.selector = selector
    self.transport = transport
    self.request = request.withoutContent
  }

  /// A request in a session.
  func outbound(_ method: OutboundRequest.Method, in session: UpstreamSession, _ message: MCPMessage? = nil)
    throws(Rejection) -> OutboundRequest
  {
    var outbound = try selector.bare(method, for: request)
    outbound.url = session.instance
    outbound.upstreamSession = session.id
    outbound.revision = session.revision
    outbound.sharesSession = true
    if let message { outbound.body = message.encoded() }
    return outbound
  }

  /// Sends something and hears the answer.
  ///
  /// - Returns: The conversation; held by the transport for as long as it lasts.
  func send(
    _ outbound: OutboundRequest, on eventLoop: any EventLoop, resuming last: String? = nil,
    _ listener: @escaping (UpstreamDialogue.Turn) -> Void
  )
    -> UpstreamDialogue
  {
    UpstreamDialogue(outbound, over: transport, on: eventLoop, resuming: last, listener)
  }

  /// Asks something on Martlet's own account.
  ///
  /// - Parameter completion: Hears the response; nil where there is none in time.
  func ask(
    _ request: MCPRequest, in session: UpstreamSession, on eventLoop: any EventLoop,
    completion: @escaping (MCPResponse?) -> Void
  ) {
    guard var outbound = try? outbound(.post, in: session, .request(request)) else { return completion(nil) }
    outbound.isRepeatable = request.method.isRepeatable
    var dialogue: UpstreamDialogue?
    var limit: Scheduled<Void>?
    var isOver = false
    let finish: (MCPResponse?) -> Void = { response in
      if isOver { return }
      isOver = true
      limit?.cancel()
      // A stream may stay open after the response.
      dialogue?.cancel()
      // The two hold each other until here.
      dialogue = nil
      completion(response)
    }
    limit = eventLoop.assumeIsolated().scheduleTask(in: BridgeLimits.ownQuestion) { finish(nil) }
    dialogue = send(outbound, on: eventLoop) { turn in
      switch turn {
      case .message(.response(let response)) where response.id == request.id: finish(response)
      case .accepted, .message: break
      case .ended, .refused, .failed: finish(nil)
      }
    }
    // What failed at once has nobody to hold.
    if isOver { dialogue = nil }
  }

  /// Sends what needs no answer.
  ///
  /// - Parameter completion: Hears the status where it was refused, and nil otherwise.
  func tell(
    _ message: MCPMessage, in session: UpstreamSession, on eventLoop: any EventLoop,
    completion: @escaping (Result<Int?, UpstreamFailure>) -> Void = { _ in }
  ) {
    guard var outbound = try? outbound(.post, in: session, message) else { return completion(.failure(.unreachable)) }
    outbound.isRepeatable = true
    var isOver = false
    _ = send(outbound, on: eventLoop) { turn in
      guard !isOver else { return }
      switch turn {
      case .accepted, .message: return
      case .ended: completion(.success(nil))
      case .refused(let status, _, _): completion(.success(status))
      case .failed(let failure): completion(.failure(failure))
      }
      isOver = true
    }
  }

  /// Ends a session at the upstream.
  func end(_ session: UpstreamSession, on eventLoop: any EventLoop) {
    guard session.id != nil, let outbound = try? outbound(.delete, in: session) else { return }
    _ = send(outbound, on: eventLoop) { _ in }
  }
}

extension AdmittedRequest {
  /// The same without what the client sent: its token above all.
  var withoutContent: AdmittedRequest {
    let (classified, authenticated) = (self.classified, self.classified.authenticated)
    let incoming = authenticated.routed.incoming
    var trace = HeaderFields()
    trace.addTrace(of: incoming)
    let bare = IncomingRequest(
      method: incoming.method, path: incoming.path, query: "", headers: trace,
      address: incoming.address, id: incoming.id, arrivedAt: incoming.arrivedAt)
    let routed = RoutedRequest(
      incoming: bare, route: authenticated.routed.route, settings: authenticated.routed.settings)
    let stripped = ClassifiedRequest(
      authenticated: AuthenticatedRequest(routed: routed, principal: authenticated.principal), message: nil, bytes: [],
      classification: classified.classification, mirrored: .init())
    return AdmittedRequest(classified: stripped, session: nil, permit: permit)
  }
}
