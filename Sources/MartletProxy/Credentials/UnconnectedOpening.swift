import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// Answers a legacy `initialize` while the account isn't connected: the client gets a session of ours, so that it can be
/// led to the page at all. The server's own session begins with the first request after the account is connected, as one
/// that is begun anew. Used on its event loop only.
final class UnconnectedOpening: ExchangeAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let messages: ClientMessages

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    self.exchange = exchange
    self.request = request
    messages = ClientMessages(exchange: exchange, id: request.classified.id)
  }

  var principal: Principal { request.principal }

  let isEndless = false

  /// The session is stored before the client hears of it, so that no crash loses one that a client holds.
  func start(_ answer: ConnectionAnswer) {
    guard let initialize = request.classified.message?.request else { return messages.accept() }
    let revision = request.server.revision(agreedWith: LegacyClientProfile(initialize).revision)
    let (binding, bytes) = (principal.binding, request.classified.bytes)
    let opening = exchange.gateway.sessions.open(on: exchange.client.eventLoop) { digest, now in
      MCPSession(unconnected: digest, binding: binding, revision: revision, initializeRequest: bytes, at: now)
    }
    opening.assumeIsolated().whenComplete { [self] stored in
      switch stored {
      case .success(let session):
        let result = MCPResponse(id: initialize.id, outcome: .result(answer.initialization(revision)))
        messages.conclude(result, session: session)
      case .failure: messages.reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  func clientWritabilityChanged() {}

  func clientDisconnected() { messages.forget(reason: "client_disconnected") }

  func close(reason: String) {
    messages.reject(.upstreamUnavailable(reason: reason, id: request.classified.id))
  }
}

extension MCPSession {
  /// A session that its server doesn't know of yet: it lives nowhere, so that whoever needs the server first begins it.
  fileprivate init(
    unconnected digest: ArtefactDigest, binding: PrincipalBinding, revision: ProtocolRevision,
    initializeRequest: [UInt8], at now: Timestamp
  ) {
    self.init(
      digest: digest, binding: binding, revision: revision, initializeRequest: initializeRequest, upstreamSession: "",
      upstreamURL: "", createdAt: now, usedAt: now)
  }

  /// Whether its server doesn't know of it yet.
  var isUnconnected: Bool { upstreamURL.isEmpty }
}
