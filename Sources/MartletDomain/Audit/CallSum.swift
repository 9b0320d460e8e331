import StrictCoding

/// What calls are told apart by in sums. An empty name stands for all, or for none.
public struct CallKey: Hashable, Sendable {
  /// Where what is beyond the bound of different keys is summed up.
  public static let others = "*"

  /// Whose.
  public var tenant: TenantID
  /// At which route: its path.
  public var route: ByteString
  /// Which tool.
  public var tool: ByteString
  /// Through which client.
  public var client: ByteString

  /// Describes a key.
  public init(tenant: TenantID, route: ByteString = "", tool: ByteString = "", client: ByteString = "") {
    self.tenant = tenant
    self.route = route
    self.tool = tool
    self.client = client
  }

  /// The key of those of its tenant that are no longer told apart.
  public var folded: CallKey {
    let others = ByteString(Self.others)
    return CallKey(tenant: tenant, route: others, tool: others, client: others)
  }
}

/// The calls of one key in one span of time.
public struct CallSum: Sendable, Hashable {
  /// What they have in common.
  public var key: CallKey
  /// When the span begins.
  public var start: Timestamp
  /// How many there were.
  public var calls = 0
  /// How many of them Martlet refused.
  public var refused = 0
  /// How many of them were forwarded and failed.
  public var failed = 0
  /// How long the forwarded ones took; streams of clients that listen don't count.
  public var durations = DurationHistogram()

  /// Begins at zero.
  public init(key: CallKey, start: Timestamp) {
    self.key = key
    self.start = start
  }

  /// Takes in all of another.
  public mutating func add(_ other: CallSum) {
    calls += other.calls
    refused += other.refused
    failed += other.failed
    durations.add(other.durations)
  }
}
