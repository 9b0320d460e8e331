/// Why a call has to wait.
public struct LimitRefusal: Error, Sendable, Hashable {
  /// What there is too much of.
  public enum Kind: String, Sendable {
    /// Calls in time.
    case rate
    /// Calls at the same time.
    case concurrency
    /// The same call again and again.
    case loop
    /// Calls on one day.
    case daily
  }

  /// The limit's name.
  public let limit: String
  /// What there is too much of.
  public let kind: Kind
  /// How many there may be.
  public let quota: Int
  /// In how many seconds; 0 for at the same time.
  public let window: Int
  /// After how many seconds it is worth trying again, at least 1.
  public let retryAfter: Int

  /// Describes a refusal.
  public init(limit: String, kind: Kind, quota: Int, window: Int, retryAfter: Int) {
    self.limit = limit
    self.kind = kind
    self.quota = quota
    self.window = window
    self.retryAfter = max(1, retryAfter)
  }
}
