import NIOCore

/// The numbers of the bridge from modern clients to legacy servers. All of them are in the documentation.
enum BridgeLimits {
  /// How long an upstream session is kept that nobody uses: 30 min.
  static let sessionIdle = Duration.seconds(30 * 60)
  /// Upstream sessions in all: 10,000.
  static let sessions = 10_000
  /// Upstream sessions of one client of one user on one route, which differ in declared capabilities: 16.
  static let sessionsOfPrincipal = 16
  /// How long a call waits for the client's input: 10 min.
  static let parked = Duration.seconds(10 * 60)
  /// Calls that wait for input, in all: 1,000.
  static let parkedCalls = 1_000
  /// Calls of one client of one user on one route that wait for input: 16.
  static let parkedCallsOfPrincipal = 16
  /// Streams of changes of one upstream session: 64.
  static let listeners = 64
  /// How long an upstream may take to open its stream of changes before the client hears that it listens: 2 s.
  static let feedOpening = TimeAmount.seconds(2)
  /// How long Martlet's own questions to an upstream may take: 30 s.
  static let ownQuestion = TimeAmount.seconds(30)
  /// The pause before a stream that ended is opened again: 1 s, doubled up to 30 s.
  static let reopening: [TimeAmount] = [1, 2, 4, 8, 16, 30].map { .seconds($0) }
  /// How often idle sessions and calls that waited too long are looked for: every 5 s.
  static let sweep = TimeAmount.seconds(5)
  /// How often the broken stream of a call is picked up again without getting anything: 5 times.
  static let resumptions = 5
}
