import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// `initialize` of a legacy client: the server is asked what it is, and a session of ours begins. Used on its event loop
/// only.
final class BridgedOpening: LegacyAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let upstream: ModernUpstream
  private let messages: ClientMessages
  private let id: JSONRPCID

  init(exchange: GatewayExchange, request: AdmittedRequest, initialize: MCPRequest) {
    self.exchange = exchange
    self.request = request
    upstream = ModernUpstream(exchange: exchange, request: request, client: LegacyClientProfile(initialize))
    messages = ClientMessages(exchange: exchange, id: initialize.id)
    id = initialize.id
  }

  var principal: Principal { request.principal }

  let isEndless = false

  func start() {
    upstream.discover { [self] result in
      do throws(Rejection) { try open(result.get()) } catch { refuse(error) }
    }
  }

  /// A server that may not speak this era any more is asked.
  private func refuse(_ rejection: Rejection) {
    guard messages.isSilent, request.server.spokenEras[.modern] == nil else { return messages.reject(rejection) }
    exchange.askAnew(request, after: .modern) { $0.reject(rejection) }
  }

  /// The session is stored before the client hears of it, so that no crash loses one that a client holds.
  private func open(_ discovered: JSONValue) throws(Rejection) {
    let name = request.classified.authenticated.routed.route.resource.displayName
    let translation = InitializeTranslation(client: upstream.client, fallbackName: name)
    guard let result = translation.legacy(discovered) else {
      upstream.forgetEra()
      throw upstream.unavailable("bad_discover_answer")
    }
    let binding = principal.binding
    let (bytes, revision) = (request.classified.bytes, upstream.client.revision)
    let url = try exchange.gateway.selector.bare(.post, for: request).url.string
    let opening = exchange.gateway.sessions.open(on: exchange.client.eventLoop) { digest, now in
      MCPSession(
        digest: digest, binding: binding, revision: revision, initializeRequest: bytes, upstreamSession: nil,
        upstreamURL: url, upstreamEra: .modern, createdAt: now, usedAt: now)
    }
    opening.assumeIsolated().whenComplete { [self] stored in
      switch stored {
      case .success(let session):
        messages.conclude(MCPResponse(id: id, outcome: .result(result)), session: session)
      case .failure: messages.reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  func clientWritabilityChanged() {}

  func clientDisconnected() { messages.forget(reason: "client_disconnected") }

  func close(reason: String) { messages.reject(upstream.unavailable(reason)) }
}
