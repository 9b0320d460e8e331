import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// The modern server behind one request of a legacy client: builds what it is sent, and asks it on Martlet's own account.
struct ModernUpstream {
  let exchange: GatewayExchange
  let request: AdmittedRequest
  let client: LegacyClientProfile

  init(exchange: GatewayExchange, request: AdmittedRequest, client: LegacyClientProfile) {
    self.exchange = exchange
    self.request = request
    self.client = client
  }

  private var gateway: Gateway { exchange.gateway }
  private var principal: PrincipalBinding { request.classified.authenticated.principal.binding }
  private var eventLoop: any EventLoop { exchange.client.eventLoop }

  var translation: RequestTranslation {
    RequestTranslation(
      client: client, logLevel: request.session?.session.logLevel ?? RequestTranslation.usualLogLevel)
  }

  /// An id for the server: of this exchange, and new for each request in it.
  func id(_ part: String) -> JSONRPCID { .string(request.classified.incoming.id.string + "." + part) }

  func outbound(_ modern: ModernRequest) throws(Rejection) -> OutboundRequest {
    var outbound = try gateway.selector.bare(.post, for: request)
    outbound.revision = .latest
    outbound.mirrored = modern.mirrored
    outbound.body = modern.message.encoded()
    outbound.isRepeatable = modern.message.method.isRepeatable
    return outbound
  }

  /// Sends a request, and tells what comes back.
  func send(_ modern: ModernRequest, _ listener: @escaping (UpstreamDialogue.Turn) -> Void) throws(Rejection)
    -> UpstreamDialogue
  {
    let transport = gateway.transport
    // A session may begin with it.
    let isBeginning = modern.message.method == .serverDiscover
    return UpstreamDialogue(
      try outbound(modern), over: isBeginning ? ImpatientTransport(over: transport) : transport, on: eventLoop, listener
    )
  }

  /// Asks something that has one answer.
  func ask(_ modern: ModernRequest, _ completion: @escaping (Result<MCPResponse, Rejection>) -> Void) {
    UpstreamQuestion.ask(modern, self, on: eventLoop, completion)
  }

  /// Asks what the server declares, or remembers.
  ///
  /// - Parameter completion: Hears it; nil where nobody knows right now.
  func features(_ completion: @escaping (DeclaredFeatures?) -> Void) {
    let bridge = gateway.legacyBridge
    if let known = bridge.features.value(for: principal, at: bridge.clock.now()) { return completion(known) }
    discover { result in completion((try? result.get()).flatMap { DeclaredFeatures($0) }) }
  }

  /// Asks what the server is.
  func discover(_ completion: @escaping (Result<JSONValue, Rejection>) -> Void) {
    ask(translation.own(.serverDiscover, id: id("discover"))) { answer in
      switch answer {
      case .failure(let rejection): completion(.failure(rejection))
      case .success(let response):
        guard let result = response.result else {
          return completion(.failure(unavailable("discover_\(response.failure?.code.rawValue ?? 0)")))
        }
        remember(result)
        completion(.success(result))
      }
    }
  }

  private func remember(_ discovered: JSONValue) {
    guard let features = DeclaredFeatures(discovered) else { return }
    let bridge = gateway.legacyBridge
    bridge.features.remember(
      features, for: principal,
      until: Freshness.end(ttl: discovered["ttlMs"]?.int64Value, from: bridge.clock.now()))
  }

  /// Which arguments the server's tools want mirrored.
  ///
  /// - Parameter isFresh: Whether what is remembered isn't good enough.
  func mirrors(isFresh: Bool, _ completion: @escaping (ToolMirrors) -> Void) {
    let bridge = gateway.legacyBridge
    if !isFresh, let known = bridge.mirrors.value(for: principal, at: bridge.clock.now()) { return completion(known) }
    listTools(ToolMirrors(), cursor: nil, page: 1, completion)
  }

  private func listTools(
    _ found: ToolMirrors, cursor: JSONValue?, page: Int, _ completion: @escaping (ToolMirrors) -> Void
  ) {
    var params = JSONObject()
    params["cursor"] = cursor
    ask(translation.own(.toolsList, id: id("tools.\(page)"), params: params)) { answer in
      // Without its definitions a call goes on as it is; a server that misses a header says so.
      guard let result = (try? answer.get())?.result else { return completion(found) }
      var found = found
      found.add(result["tools"]?.arrayValue ?? [])
      if let next = result["nextCursor"], next.stringValue != nil, page < LegacyBridgeLimits.toolPages {
        return listTools(found, cursor: next, page: page + 1, completion)
      }
      let bridge = gateway.legacyBridge
      bridge.mirrors.remember(
        found, for: principal, until: Freshness.end(ttl: result["ttlMs"]?.int64Value, from: bridge.clock.now()))
      completion(found)
    }
  }

  func unavailable(_ reason: String) -> Rejection {
    .upstreamUnavailable(reason: reason, id: request.classified.id)
  }

  /// The server said that it doesn't speak the modern era any more, or as good as said so: whoever comes next finds out
  /// again.
  func forgetEra() { request.route.forgetEras() }
}
