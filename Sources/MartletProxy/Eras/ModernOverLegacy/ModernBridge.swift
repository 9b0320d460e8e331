import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// What this process holds at legacy servers for modern clients: sessions, and calls that wait for input.
final class ModernBridge: Sendable {
  let sessions = BridgeSessions()
  let parked = ParkedCalls()
  let states: RequestStates
  private let clock: any WallClock
  private let random: any RandomSource

  /// - Parameters:
  ///   - sealer: Seals what clients hold of waiting calls.
  ///   - eventLoop: Looks after both from time to time.
  init(sealer: Sealer, clock: any WallClock, random: any RandomSource, eventLoop: any EventLoop) {
    self.clock = clock
    self.random = random
    states = RequestStates(sealer: sealer, node: random.bytes(16), clock: clock)
    eventLoop.scheduleRepeatedTask(initialDelay: BridgeLimits.sweep, delay: BridgeLimits.sweep) { [weak self] task in
      guard let self else { return task.cancel() }
      sweep()
    }
  }

  private func sweep() {
    let now = clock.now()
    for waiting in parked.expired(at: now) { waiting.call { $0.cancel(reason: "input_timeout") } }
    sessions.expire(at: now)
  }

  /// A call waits for input from now on.
  ///
  /// - Returns: What its client is given; nil where too many wait.
  func park(_ waiting: ParkedCall, for request: MCPRequest) -> String? {
    let id = ParkedCallID(bytes: random.bytes(16))
    guard let state = states.seal(id, for: request, of: waiting.binding),
      parked.park(waiting, as: id, until: clock.now() + BridgeLimits.parked)
    else { return nil }
    return state
  }

  /// Begins a session with the upstream.
  func begin(
    _ key: BridgeSessionKey, for request: AdmittedRequest, gateway: Gateway, on eventLoop: any EventLoop,
    completion: @escaping (Result<BridgeSession, Rejection>) -> Void
  ) {
    let metadata = request.classified.message?.metadata ?? RequestMetadata()
    let route = request.classified.authenticated.routed.route
    let params = LegacyRequest.initializeParams(
      info: metadata.clientInfo, features: ClientFeatures(metadata.clientCapabilities ?? JSONObject()),
      revision: route.pinnedRevision ?? .latestLegacy)
    let initialize = MCPRequest(id: .number(0), method: .initialize, params: params).encoded()
    do throws(Rejection) {
      let contact = LegacyContact(selector: gateway.selector, transport: gateway.transport, request: request)
      let outbound = try gateway.selector.bare(.post, for: request)
      LegacyHandshake.begin(outbound, initialize: initialize, over: gateway.transport, on: eventLoop) {
        [clock] result in
        if case .failure(let rejection) = result { Self.doubt(route, after: rejection) }
        completion(
          result.map { upstream in
            BridgeSession(key: key, upstream: upstream, contact: contact, clock: clock, eventLoop: eventLoop)
          })
      }
    } catch { completion(.failure(error)) }
  }

  /// A server that doesn't take `initialize` any more may have learned the other era.
  private static func doubt(_ route: UpstreamRoute, after rejection: Rejection) {
    guard case .upstreamUnavailable(let reason, _) = rejection else { return }
    guard reason == "bad_initialize_answer" || reason.startsBytewise(with: "status_4") else { return }
    route.forgetEras()
  }
}
