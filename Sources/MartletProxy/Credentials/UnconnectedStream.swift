import MCPProtocol
import MartletDomain
import MartletVault
import NIOCore
import StrictCoding

/// Answers the GET of a legacy session while the account isn't connected: a stream on which nothing is said until it is.
/// Then the client hears that the page it was sent to is done with and that everything is to be listed again, and the
/// stream ends: the one that the client opens next is the server's. Used on its event loop only.
final class UnconnectedStream: ExchangeAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let session: MCPSession
  private let account: ConnectionKey
  private let events: ClientEventStream
  private var pause = GatewayLimits.connectingLook
  private var look: Scheduled<Void>?
  private var isOver = false

  init(exchange: GatewayExchange, request: AdmittedRequest, session: MCPSession, account: ConnectionKey) {
    self.exchange = exchange
    self.request = request
    self.session = session
    self.account = account
    events = ClientEventStream(exchange: exchange)
  }

  var principal: Principal { request.principal }

  let isEndless = true

  private var gateway: Gateway { exchange.gateway }
  private var eventLoop: any EventLoop { exchange.client.eventLoop }

  func start() {
    gateway.streams.replace(session.digest, by: self, on: eventLoop)
    gateway.streams.opened(self, on: eventLoop)
    events.open()
    lookLater()
  }

  /// Often at first, since somebody may be at it right now.
  private func lookLater() {
    look = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.ask() }
    pause = min(pause * 2, GatewayLimits.longestConnectingLook)
  }

  private func ask() {
    guard !isOver else { return }
    let bound = OnLoop(self, eventLoop: eventLoop)
    let answer = gateway.injector.credentials.credential(for: account) { answer in bound { $0.hear(answer) } }
    if let answer { hear(answer) }
  }

  private func hear(_ answer: CredentialAnswer) {
    guard !isOver else { return }
    guard case .ready = answer else { return lookLater() }
    var told = gateway.pages.take(for: principal.binding).map { id in
      MCPNotification(method: .elicitationComplete, params: ["elicitationId": .string(id)])
    }
    for method in [MCPMethod.toolsListChanged, .promptsListChanged, .resourcesListChanged] {
      told.append(MCPNotification(method: method))
    }
    _ = events.send([SSEEvent(retry: GatewayLimits.comeBack)] + told.map { SSEEvent(message: .notification($0)) })
    close(reason: "connected")
  }

  func clientWritabilityChanged() {}

  func clientDisconnected() { end(reason: "client_disconnected") }

  func close(reason: String) {
    if end(reason: reason) { exchange.client.finish() }
  }

  @discardableResult
  private func end(reason: String) -> Bool {
    guard !isOver else { return false }
    isOver = true
    look?.cancel()
    events.stop()
    gateway.streams.closed(self, of: session.digest, on: eventLoop)
    exchange.answerEnded(reason: reason)
    return true
  }
}
