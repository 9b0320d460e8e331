import MCPProtocol
import MartletDomain

/// A modern client with a legacy server. Used on its event loop only.
///
/// `server/discover` is answered from the server's `initialize`; requests go on in an upstream session that is held for
/// the client (`ModernCall`); `subscriptions/listen` gathers what the session tells of changes (`ModernListen`).
final class ModernOverLegacy: ExchangeAnswer {
  private let client: ModernExchange
  private var work: (any ModernWork)?

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    client = ModernExchange(exchange: exchange, admitted: request)
  }

  var principal: Principal { client.admitted.classified.authenticated.principal }

  var account: ConnectionKey? { client.admitted.account }

  var isEndless: Bool { client.request?.method == .subscriptionsListen }

  func start() {
    let streams = client.gateway.streams
    streams.opened(self, on: client.eventLoop)
    client.onEnd = { [weak self, client] in
      if let self { streams.closed(self, of: nil, on: client.eventLoop) }
      self?.work = nil
    }
    // The revision has no notification that a client sends over HTTP; what comes all the same is taken and forgotten.
    guard let request = client.request else { return client.accept() }
    switch request.method {
    case .serverDiscover: discover()
    case .subscriptionsListen: begin(ModernListen(client, request: request))
    case let method where LegacyRequest.carries(method): begin(ModernCall(client, request: request))
    case let method: client.conclude(Self.refusal(of: method))
    }
  }

  private func begin(_ work: some ModernWork) {
    self.work = work
    work.start()
  }

  private func discover() {
    client.lease { [client] lease in
      client.conclude(ModernAnswer(.result(lease.session.server.discovery)))
    }
  }

  private static func refusal(of method: MCPMethod) -> ModernAnswer {
    switch method {
    case .tasksGet, .tasksUpdate, .tasksCancel, .tasksList, .tasksResult:
      ModernAnswer(
        .methodNotFound,
        "\(method) is not available here: this server's tasks are those of 2025-11-25, which can't be translated.")
    default: ModernAnswer(.methodNotFound, "Method not found: \(method)")
    }
  }

  func clientWritabilityChanged() { work?.setReading(client.exchange.client.isWritable) }

  /// Going away is cancelling (MCP 2026-07-28, Cancellation).
  func clientDisconnected() {
    work?.stop(reason: "client_disconnected")
    client.forget(reason: "client_disconnected")
  }

  func close(reason: String) {
    work?.stop(reason: reason)
    client.close(reason: reason)
  }
}

/// What is going on for a modern client. Used on its event loop only.
protocol ModernWork: AnyObject {
  func start()

  /// The client takes what it is sent, or doesn't keep up.
  func setReading(_ reading: Bool)

  /// Nobody wants it any more: the upstream is told too.
  func stop(reason: String)
}
