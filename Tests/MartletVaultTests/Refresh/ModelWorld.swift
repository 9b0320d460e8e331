import MartletDomain
import MartletVault

typealias ModelFlight = RefreshFlight<Int>

/// Tokens in the spill journal, which the processes on one folder share.
struct ModelSpill: Hashable {
  let tokens: Int
  let version: Int
  let epoch: Int
}

/// A process in the search.
struct ModelNode: Hashable {
  var flight: ModelFlight?
  var action: ModelFlight.Action?
  /// The refresh token that the claim handed over, and what was answered to it.
  var presented = -1
  var version = 0
  var answer: ModelServer.Answer?
  var epoch = 0
  var callsLeft: Int

  init(calls: Int) { callsLeft = calls }

  /// New tokens that only this process's memory, or the wire to it, holds.
  var held: Int? {
    if case .issued(let tokens) = answer { return tokens }
    switch action {
    case .commit(let tokens, _, _), .spill(let tokens, _, _): return tokens
    default: return waiting
    }
  }
  /// Tokens of a flight that waits to store them.
  var waiting: Int?
}

/// Faults that may still happen.
struct ModelFaults: Hashable {
  var crashes = 0
  var storeFailures = 0
  /// Leases that run out while their holder is alive.
  var pauses = 0
  /// Requests or answers that get lost.
  var losses = 0
  /// The owner takes the grant back at the authorization server.
  var revocations = 0
}

/// Everything there is: processes, the store's row, the authorization server, the time.
struct ModelWorld: Hashable {
  static let node = NodeID(1)
  static let lease = Duration.milliseconds(1)

  var ledger = RefreshLedger(isRefreshable: true)
  var storedToken = 0
  var clock = 0
  var nodes: [ModelNode]
  var journal: [ModelSpill] = []
  var server: ModelServer
  var faults: ModelFaults
  /// Tokens were lost in the one window that nobody can close.
  var lostInWindow = false
  /// How many holders' leases have run out under them.
  var stalls = 0
  var wasRevokedByOwner = false
  var askedEpochs: [Int] = []
  /// The last version that ends; the next one outlives the search.
  let lastEndingVersion: Int

  init(nodes: Int, calls: Int, tokens: Int, temper: ModelServer.Temper, faults: ModelFaults) {
    self.nodes = (0..<nodes).map { _ in ModelNode(calls: calls) }
    server = ModelServer(temper)
    self.faults = faults
    lastEndingVersion = tokens
  }

  var now: Timestamp { Timestamp(milliseconds: Int64(clock)) }

  /// Whether tokens survive the death of every process.
  func isDurable(_ tokens: Int) -> Bool {
    storedToken == tokens || journal.contains { $0.tokens == tokens }
  }

  /// Processes are alike, so worlds that differ in their order are one.
  func sorted() -> ModelWorld {
    var world = self
    world.nodes.sort { $0.hashValue < $1.hashValue }
    return world
  }
}

/// What must never be.
struct ModelViolation: Error, Hashable, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
