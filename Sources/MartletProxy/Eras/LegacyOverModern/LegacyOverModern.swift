import MCPProtocol
import MartletDomain

/// A legacy client with a modern server: picks who answers. Used on its event loop only.
final class LegacyOverModern: ExchangeAnswer {
  private let answer: any LegacyAnswer

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    switch request.classified.message {
    case nil where request.classified.incoming.method == "GET":
      let point = exchange.lastEvent(of: request)
      if let session = request.session?.session, point?.stream.kind == .call {
        answer = StreamAnswer(exchange: exchange, request: request, session: session)
      } else {
        answer = BridgedStream(exchange: exchange, request: request, isResumed: point != nil)
      }
    case .request(let message)? where message.method == .initialize:
      answer = BridgedOpening(exchange: exchange, request: request, initialize: message)
    case .request(let message)? where !BridgedErrand.answers(message.method):
      answer = BridgedCall(exchange: exchange, request: request, message: message)
    default: answer = BridgedErrand(exchange: exchange, request: request)
    }
  }

  func start() { answer.start() }

  var principal: Principal { answer.principal }

  var account: ConnectionKey? { answer.account }

  var isEndless: Bool { answer.isEndless }

  func clientWritabilityChanged() { answer.clientWritabilityChanged() }

  func clientDisconnected() { answer.clientDisconnected() }

  func close(reason: String) { answer.close(reason: reason) }
}

/// One of the ways to answer a legacy client.
protocol LegacyAnswer: ExchangeAnswer {
  func start()
}

extension StreamAnswer: LegacyAnswer {}

extension AdmittedRequest {
  var principal: Principal { classified.authenticated.principal }

  /// What the client said of itself when it initialized.
  var legacyClient: LegacyClientProfile {
    session?.client ?? LegacyClientProfile(revision: classified.classification.revision ?? .assumed)
  }
}
