import MCPProtocol
import MartletDomain
import NIOCore

/// Answers DELETE: the session ends at the upstream as far as that can be told, and here in any case. Used on its event
/// loop only.
final class SessionEnding: ExchangeAnswer, UpstreamReceiver {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let session: MCPSession
  private var call: (any UpstreamCall)?
  private var isOver = false

  init(exchange: GatewayExchange, request: AdmittedRequest, session: MCPSession) {
    self.exchange = exchange
    self.request = request
    self.session = session
  }

  var principal: Principal { request.classified.authenticated.principal }

  let isEndless = false

  func start(_ outbound: OutboundRequest) {
    call = exchange.gateway.transport.send(outbound, to: self, on: exchange.client.eventLoop)
  }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    call?.cancel()
    end()
  }

  func upstreamSent(_ bytes: ByteBuffer) {}

  func upstreamFinished() { end() }

  func upstreamFailed(_ failure: UpstreamFailure) { end() }

  func clientWritabilityChanged() {}

  func clientDisconnected() {}

  func close(reason: String) {
    call?.cancel()
    end()
  }

  private func end() {
    guard !isOver else { return }
    isOver = true
    exchange.gateway.end(session, on: exchange.client.eventLoop).assumeIsolated().whenComplete { [exchange] result in
      switch result {
      case .success: exchange.deliver(GatewayResponse(status: 200))
      case .failure: exchange.reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }
}
