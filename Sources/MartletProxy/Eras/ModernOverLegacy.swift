import MCPProtocol
import MartletDomain

/// A modern client with a legacy server. Used on its event loop only.
final class ModernOverLegacy: ExchangeAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let messages: ClientMessages

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    self.exchange = exchange
    self.request = request
    messages = ClientMessages(exchange: exchange, id: request.classified.id)
  }

  var principal: Principal { request.classified.authenticated.principal }

  var isEndless: Bool {
    request.classified.message == nil || request.classified.message?.method == .subscriptionsListen
  }

  func start() {
    messages.reject(.upstreamUnavailable(reason: "other_era", id: request.classified.id))
  }

  func clientWritabilityChanged() {}

  func clientDisconnected() { messages.forget(reason: "client_disconnected") }

  func close(reason: String) { messages.finish(reason: reason) }
}
