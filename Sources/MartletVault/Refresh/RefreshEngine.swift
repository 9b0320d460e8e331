import MartletDomain
import StrictCoding
import Synchronization

/// Refreshes credentials: one flight for each credential and version, however many wait for it.
final class RefreshEngine: Sendable {
  struct Dependencies: Sendable {
    let store: any ConnectionStore
    let seal: CredentialSeal
    let exchange: any RefreshExchange
    let journal: any SpillJournal
    let gate: IssuerGate
    let clock: any WallClock
    let sleeper: any Sleeper
    let random: any RandomSource
    let audit: any AuditSink
    let node: NodeID
  }

  typealias Completion = @Sendable (CredentialAnswer) -> Void

  /// Single flight's key: tenant, server, owner and version.
  private struct FlightID: Hashable {
    let key: ConnectionKey
    let version: Int
  }

  private struct Waiting {
    var completions: [Completion] = []
    /// The tokens are there and can't be stored.
    var isStalled = false
  }

  private let dependencies: Dependencies
  private let queue: JobQueue
  private let landed: @Sendable (ConnectionKey) async -> CredentialAnswer
  private let flights = Mutex<[FlightID: Waiting]>([:])

  /// - Parameter landed: Reads what is stored once a flight is over.
  init(
    _ dependencies: Dependencies, queue: JobQueue, landed: @escaping @Sendable (ConnectionKey) async -> CredentialAnswer
  ) {
    self.dependencies = dependencies
    self.queue = queue
    self.landed = landed
  }

  /// Refreshes a credential that was found wanting, or joins whoever is at it.
  ///
  /// - Parameters:
  ///   - connection: As it was read.
  ///   - isUrgent: Whether a call waits for it.
  ///   - completion: Called once, from anywhere.
  func refresh(_ connection: UpstreamConnection, isUrgent: Bool, completion: Completion?) {
    let id = FlightID(key: connection.key, version: connection.ledger.version)
    // An exchange waits for its login's refresh, so the two don't share places.
    let issuer = ByteString((connection.key.route.loginProvider == nil ? "" : "login ") + connection.issuer)
    begin(id, completion) { run in
      await run(issuer, isUrgent, RefreshRun.Flight.begin(version: id.version))
    }
  }

  /// Stores what was spilled.
  func replay(_ spilled: SpilledTokens) {
    let id = FlightID(key: spilled.key, version: spilled.version)
    begin(id, nil) { run in
      let begun = RefreshRun.Flight.resume(spilled.tokens, version: spilled.version, epoch: spilled.epoch)
      // Nobody is asked, so it doesn't matter whom.
      await run("", false, begun)
    }
  }

  /// How many flights are under way.
  var count: Int { flights.withLock { $0.count } }

  private typealias Run =
    @Sendable (
      _ issuer: ByteString, _ isUrgent: Bool, _ begun: (flight: RefreshRun.Flight, action: RefreshRun.Flight.Action)
    ) async -> Void

  private func begin(_ id: FlightID, _ completion: Completion?, _ body: @escaping @Sendable (Run) async -> Void) {
    enum Start {
      case mine
      case joined
      case stalled
    }
    let start = flights.withLock { flights -> Start in
      guard var waiting = flights[id] else {
        flights[id] = Waiting(completions: completion.map { [$0] } ?? [])
        return .mine
      }
      if waiting.isStalled { return .stalled }
      if let completion { waiting.completions.append(completion) }
      flights[id] = waiting
      return .joined
    }
    switch start {
    case .joined: return
    case .stalled: completion?(.unavailable(retryAt: dependencies.clock.now() + .seconds(1)))
    case .mine:
      let isTaken = queue.add {
        await body { issuer, isUrgent, begun in await self.fly(id, issuer, isUrgent, begun) }
      }
      if !isTaken { land(id, .unavailable(retryAt: nil)) }
    }
  }

  private func fly(
    _ id: FlightID, _ issuer: ByteString, _ isUrgent: Bool,
    _ begun: (flight: RefreshRun.Flight, action: RefreshRun.Flight.Action)
  ) async {
    var run = RefreshRun(
      key: id.key, issuer: issuer, isUrgent: isUrgent, engine: dependencies, stalled: { self.stall(id) },
      isClosing: { self.queue.isClosed })
    let ending = await run.fly(begun)
    var answer = await landed(id.key)
    // What was there before may still be good enough.
    if case .unavailable = answer, case .unavailable(let retryAt) = ending { answer = .unavailable(retryAt: retryAt) }
    land(id, answer)
  }

  private func stall(_ id: FlightID) {
    let completions = flights.withLock { flights -> [Completion] in
      defer { flights[id] = Waiting(completions: [], isStalled: true) }
      return flights[id]?.completions ?? []
    }
    let answer = CredentialAnswer.unavailable(retryAt: dependencies.clock.now() + .seconds(1))
    for completion in completions { completion(answer) }
  }

  private func land(_ id: FlightID, _ answer: CredentialAnswer) {
    let completions = flights.withLock { $0.removeValue(forKey: id)?.completions ?? [] }
    for completion in completions { completion(answer) }
  }
}
