import MartletDomain

/// So many calls in so much time.
public struct RateLimit: Sendable {
  /// Its name.
  public let name: String
  /// What is counted apart.
  public let dimensions: Set<LimitDimension>
  /// Which calls count.
  public let calls: LimitedCalls
  /// How many calls the time holds.
  public let quota: Int
  /// The time.
  public let window: Duration
  /// How many calls may come at once; no more than are made up for in `longestFilling`.
  public let burst: Int
  /// Whether calls with other arguments count apart: this is how loops are found.
  public let isLoopGuard: Bool
  /// The time that one call uses up, in nanoseconds.
  let interval: Int64

  /// How long an empty bucket may take until it is full: 100 years, in nanoseconds. Twice that, and the time that has
  /// passed, is still a number.
  private static let longestFilling: Int64 = 100 * 365 * 86_400 * 1_000_000_000

  /// Describes a limit.
  public init(
    name: String, dimensions: Set<LimitDimension>, calls: LimitedCalls = .init(), quota: Int, window: Duration,
    burst: Int? = nil, isLoopGuard: Bool = false
  ) {
    self.name = name
    self.dimensions = dimensions
    self.calls = calls
    self.quota = max(1, quota)
    self.window = window
    self.isLoopGuard = isLoopGuard
    let interval = Self.interval(window, self.quota)
    self.interval = interval
    self.burst = Int(min(Int64(max(1, burst ?? quota)), Self.longestFilling / interval))
  }

  private static func interval(_ window: Duration, _ quota: Int) -> Int64 {
    max(1, window.milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue / Int64(quota))
  }
}

/// Which calls a limit counts.
public struct LimitedCalls: Sendable {
  /// At these servers; `nil` for all.
  public var servers: [NamePattern]?
  /// Of these tools; `nil` for every request, whatever it is for.
  public var tools: [NamePattern]?

  /// Describes calls.
  public init(servers: [NamePattern]? = nil, tools: [NamePattern]? = nil) {
    self.servers = servers
    self.tools = tools
  }

  func include(_ call: LimitedCall) -> Bool {
    guard servers?.contains(where: { $0.matches(call.server.value) }) ?? true else { return false }
    guard let tools else { return true }
    guard let tool = call.tool else { return false }
    let name = ComparedName(tool)
    return tools.contains { $0.mayMean(name) }
  }
}
