import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// What a legacy client says that no modern server can be told: it is answered here. Used on its event loop only.
final class BridgedErrand: LegacyAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let messages: ClientMessages

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    self.exchange = exchange
    self.request = request
    messages = ClientMessages(exchange: exchange, id: request.classified.id)
  }

  /// Requests that are answered here; all others go to the server.
  static func answers(_ method: MCPMethod) -> Bool {
    switch method {
    case .ping, .loggingSetLevel, .resourcesSubscribe, .resourcesUnsubscribe: true
    default: untranslatable.contains(method)
    }
  }

  /// Tasks are another protocol in each era; the others belong to the modern era, or to servers.
  private static let untranslatable: Set<MCPMethod> = [
    .tasksGet, .tasksResult, .tasksList, .tasksCancel, .tasksUpdate, .subscriptionsListen, .serverDiscover,
    .samplingCreateMessage, .elicitationCreate, .rootsList,
  ]

  var principal: Principal { request.principal }

  let isEndless = false

  private var desk: LegacyDesk { exchange.gateway.legacyBridge.desk }

  private var session: MCPSession? { request.session?.session }

  func start() {
    switch request.classified.message {
    case nil: endSession()
    case .notification(let notification)?:
      if let id = notification.cancelledRequestID, let session { desk.cancel(id, in: session.digest) }
      messages.accept()
    // An answer to nothing is taken too: the question may have been withdrawn a moment ago.
    case .response(let response)?:
      if let session { _ = desk.answer(response, in: session.digest) }
      messages.accept()
    case .request(let message)?: answer(message)
    }
  }

  private func answer(_ message: MCPRequest) {
    switch message.method {
    case .ping: conclude(message)
    case .loggingSetLevel: setLevel(message)
    case .resourcesSubscribe, .resourcesUnsubscribe: watch(message)
    default:
      refuse(
        message, .methodNotFound,
        "\(message.method) can't be translated for this server, which speaks \(ProtocolRevision.latest.rawValue).")
    }
  }

  private func conclude(_ message: MCPRequest) {
    messages.conclude(MCPResponse(id: message.id, outcome: .result(.object([:]))))
  }

  private func refuse(_ message: MCPRequest, _ code: JSONRPCErrorCode, _ text: String) {
    messages.conclude(MCPResponse(id: message.id, outcome: .error(.init(code: code, message: text))))
  }

  // MARK: - What a session remembers

  private static let levels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]

  private func setLevel(_ message: MCPRequest) {
    guard let level = message.parameter("level")?.stringValue, Self.levels.contains(where: { $0.equalsBytewise(level) })
    else {
      return refuse(message, .invalidParams, "params.level must be one of \(Self.levels.joined(separator: ", ")).")
    }
    inSession(message, where: { $0.hasLogging }) { sessions, digest async throws(StoreError) in
      try await sessions.setLogLevel(level, of: digest)
    }
  }

  private func watch(_ message: MCPRequest) {
    let begins = message.method == .resourcesSubscribe
    guard let uri = message.resourceURI, uri.utf8.count <= MirroredHeaders.maximumValueBytes else {
      return refuse(message, .invalidParams, "params.uri must be a URI of at most 8 KiB.")
    }
    let watched = session?.watchedResources.count ?? 0
    if begins, watched >= LegacyBridgeLimits.watchedResources {
      return refuse(
        message, .invalidParams, "A session may watch \(LegacyBridgeLimits.watchedResources) resources.")
    }
    let desk = self.desk
    inSession(message, where: { $0.changes.watches }) {
      sessions, digest async throws(StoreError) in
      try await sessions.watchResource(uri, isWatched: begins, in: digest)
      desk.watchesChanged(in: digest)
    }
  }

  /// Changes what the session remembers, where the server declares what that is good for.
  private func inSession(
    _ message: MCPRequest, where isDeclared: @escaping (DeclaredFeatures) -> Bool,
    _ change: @escaping @Sendable (MCPSessions, ArtefactDigest) async throws(StoreError) -> Void
  ) {
    guard let session else {
      return refuse(message, .invalidRequest, "\(message.method) needs the Mcp-Session-Id that initialize answered.")
    }
    ModernUpstream(exchange: exchange, request: request, client: request.legacyClient).features { [self] declared in
      if let declared, !isDeclared(declared) { return refuse(message, .methodNotFound, "Method not found") }
      let sessions = exchange.gateway.sessions
      let eventLoop = exchange.client.eventLoop
      eventLoop.makeFutureWithTask { try await change(sessions, session.digest) }.assumeIsolated().whenComplete {
        [self] result in
        switch result {
        case .success: conclude(message)
        case .failure: messages.reject(.temporarilyUnavailable(reason: "session_store"))
        }
      }
    }
  }

  private func endSession() {
    guard let session else { return messages.whole(GatewayResponse(status: 200)) }
    desk.end(session.digest)
    exchange.gateway.end(session, on: exchange.client.eventLoop).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success: messages.whole(GatewayResponse(status: 200))
      case .failure: messages.reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  // MARK: - The client's side

  func clientWritabilityChanged() {}

  func clientDisconnected() { messages.forget(reason: "client_disconnected") }

  func close(reason: String) {
    messages.reject(.upstreamUnavailable(reason: reason, id: request.classified.id))
  }
}
