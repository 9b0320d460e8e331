import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding
import Synchronization

/// What tools servers have, as rules need to know before one is called. Each caller has a catalogue of their own: a
/// server may define its tools by who asks. It is filled by Martlet's own `tools/list`.
final class ToolCatalogue: Sendable {
  private struct Listing {
    let definitions: ToolDefinitions
    let listedAt: Timestamp
  }

  private typealias Waiter = EventLoopPromise<Result<ToolDefinitions, Rejection>>

  /// How soon a tool that wasn't listed is looked for again.
  static let patience = Duration.seconds(5)

  private let known = PrincipalMemory<Listing>()
  private let waiting = Mutex<[PrincipalBinding: [Waiter]]>([:])
  private let eras: EraResolver
  private let selector: UpstreamSelector
  private let transport: any UpstreamTransport
  private let clock: any WallClock
  private let pinning: ToolPinning

  init(
    eras: EraResolver, selector: UpstreamSelector, transport: any UpstreamTransport, pinning: ToolPinning,
    clock: any WallClock
  ) {
    self.pinning = pinning
    self.eras = eras
    self.selector = selector
    self.transport = transport
    self.clock = clock
  }

  /// The tools of a server, for whoever calls one.
  ///
  /// - Parameters:
  ///   - tool: The tool that is called; where it isn't in what is known, the server is asked again.
  ///   - request: Its caller and route count, nothing else of it.
  ///   - isAnew: Whether what is known doesn't do.
  func definitions(
    with tool: ByteString, for request: ClassifiedRequest, anew isAnew: Bool = false,
    on eventLoop: any EventLoop
  ) -> Staged<ToolDefinitions> {
    let (caller, now) = (request.authenticated.principal.binding, clock.now())
    if !isAnew, let listing = known.value(for: caller, at: now),
      listing.definitions.tools[tool] != nil || listing.listedAt + Self.patience > now
    {
      return .ready(.success(listing.definitions))
    }
    let waiter = eventLoop.makePromise(of: Result<ToolDefinitions, Rejection>.self)
    let isFirst = waiting.withLock { waiting in
      waiting[caller, default: []].append(waiter)
      return waiting[caller]?.count == 1
    }
    if isFirst { list(for: request, caller, on: eventLoop) }
    return .later(waiter.futureResult.map { $0.mapError { $0.answering(request.id) } })
  }

  private func list(for request: ClassifiedRequest, _ caller: PrincipalBinding, on eventLoop: any EventLoop) {
    let route = request.authenticated.routed.route.resource.id
    let own = AdmittedRequest(classified: request, session: nil, permit: .system(route: route)).withoutContent
    switch eras.resolve(own, on: eventLoop) {
    case .ready(let era): list(own, era, caller, on: eventLoop)
    case .later(let future):
      future.whenSuccess { [self] era in list(own, era, caller, on: eventLoop) }
    }
  }

  private func list(
    _ own: AdmittedRequest, _ era: Result<Era, Rejection>, _ caller: PrincipalBinding, on eventLoop: any EventLoop
  ) {
    switch era {
    case .failure(let rejection): finish(.failure(rejection), caller)
    case .success(let era):
      ToolListing(own, selector: selector, transport: transport, on: eventLoop) { [self] result in
        listed(result, own, caller, on: eventLoop)
      }.start(era)
    }
  }

  /// What is pinned is noted before anybody goes by it.
  private func listed(
    _ result: Result<ToolListing.Found, Rejection>, _ own: AdmittedRequest, _ caller: PrincipalBinding,
    on eventLoop: any EventLoop
  ) {
    guard case .success(var found) = result,
      own.classified.authenticated.routed.settings.policy?.pinsTools ?? false
    else { return finish(result, caller) }
    // A server doesn't say for how long its tools are trusted.
    found.ttlMilliseconds = nil
    let (pinning, principal, seen) = (self.pinning, own.classified.authenticated.principal, found)
    eventLoop.makeFutureWithTask { try await pinning.observe(seen.definitions, by: principal) }
      .whenComplete { [self] noted in
        switch noted {
        case .success: finish(.success(seen), caller)
        case .failure: finish(.failure(.temporarilyUnavailable(reason: "tool_store")), caller)
        }
      }
  }

  private func finish(_ result: Result<ToolListing.Found, Rejection>, _ caller: PrincipalBinding) {
    let now = clock.now()
    if case .success(let found) = result {
      known.remember(
        Listing(definitions: found.definitions, listedAt: now), for: caller,
        until: Freshness.end(ttl: found.ttlMilliseconds, from: now))
    }
    let waiters = waiting.withLock { $0.removeValue(forKey: caller) } ?? []
    for waiter in waiters { waiter.succeed(result.map(\.definitions)) }
  }
}
