import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// The client's side of one exchange: who asks, what it declared, and everything that it is told. Used on its event loop
/// only.
final class ModernExchange {
  let exchange: GatewayExchange
  let admitted: AdmittedRequest
  let features: ClientFeatures
  private let capabilities: JSONObject
  let contact: LegacyContact
  /// Called when nothing more is sent.
  var onEnd: () -> Void = {}
  private let messages: ClientMessages
  private let metadata: RequestMetadata

  init(exchange: GatewayExchange, admitted: AdmittedRequest) {
    self.exchange = exchange
    self.admitted = admitted
    metadata = admitted.classified.message?.metadata ?? RequestMetadata()
    capabilities = metadata.clientCapabilities ?? JSONObject()
    features = ClientFeatures(capabilities)
    contact = LegacyContact(
      selector: exchange.gateway.selector, transport: exchange.gateway.transport, request: admitted)
    messages = ClientMessages(exchange: exchange, id: admitted.classified.id)
  }

  var gateway: Gateway { exchange.gateway }
  var bridge: ModernBridge { exchange.gateway.modernBridge }
  var eventLoop: any EventLoop { exchange.client.eventLoop }
  var request: MCPRequest? { admitted.classified.message?.request }
  var binding: PrincipalBinding { admitted.classified.authenticated.principal.binding }
  var isDone: Bool { messages.isDone }

  /// The log level that the request asks for; throws where it is none.
  func logLevel() throws(UnknownLogLevel) -> LogLevel? {
    guard let value = metadata[MetadataKey.logLevel] else { return nil }
    guard let level = LogLevel(value) else { throw UnknownLogLevel() }
    return level
  }

  // MARK: - The session

  /// Gets a session for the client; refuses where there is none.
  func lease(_ use: @escaping (BridgeLease) -> Void) {
    tryLease { [self] result in
      switch result {
      case .success(let lease): use(lease)
      case .failure(let rejection): reject(rejection)
      }
    }
  }

  /// Gets a session for the client, or hears why there is none. Hears nothing where the client is gone meanwhile.
  func tryLease(_ completion: @escaping (Result<BridgeLease, Rejection>) -> Void) {
    let route = admitted.classified.authenticated.routed.route
    let key = BridgeSessionKey(binding: binding, capabilities: JSONValue.object(capabilities).canonicalDigest)
    let future = bridge.sessions.lease(key, on: route.urls.map(\.string), eventLoop: eventLoop) { begun in
      bridge.begin(key, for: admitted, gateway: gateway, on: eventLoop, completion: begun)
    }
    future.assumeIsolated().whenSuccess { [self] result in
      if !isDone { completion(result.mapError { $0.answering(admitted.classified.id) }) }
    }
  }

  // MARK: - What the client hears

  func expectSilence() { messages.expectSilence() }

  func openStream() { messages.openStream() }

  /// Sends a message that comes before the end.
  func send(_ message: MCPMessage) {
    messages.send(message)
    if messages.isDone { ended() }
  }

  /// Answers the request, and ends.
  func conclude(_ answer: ModernAnswer) {
    guard !isDone, let request else { return }
    let answer = shown(answer, to: request)
    messages.conclude(answer.response(to: request.id), status: answer.status)
    ended()
  }

  private func shown(_ answer: ModernAnswer, to request: MCPRequest) -> ModernAnswer {
    guard case .result(let result) = answer.outcome,
      let filtered = ListFilter(admitted, request.method, gateway.sightings)?.filtered(result)
    else { return answer }
    return ModernAnswer(.result(filtered))
  }

  func reject(_ rejection: Rejection) {
    guard !isDone else { return }
    messages.reject(rejection)
    ended()
  }

  func fail(_ reason: String) { reject(.upstreamUnavailable(reason: reason, id: admitted.classified.id)) }

  func accept() {
    messages.accept()
    ended()
  }

  /// The client is gone.
  func forget(reason: String) {
    guard !isDone else { return }
    messages.forget(reason: reason)
    ended()
  }

  /// Ends what is open: with an error where nothing was said yet.
  func close(reason: String) {
    guard !isDone else { return }
    if messages.isSilent { return reject(admitted.classified.answerLost(reason)) }
    messages.finish(reason: reason)
    ended()
  }

  private func ended() {
    let onEnd = self.onEnd
    self.onEnd = {}
    onEnd()
  }
}

/// A log level that RFC 5424 doesn't know.
struct UnknownLogLevel: Error {}
