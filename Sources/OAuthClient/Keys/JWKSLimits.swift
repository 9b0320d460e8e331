/// Times and sizes of a `JWKSCache`.
public struct JWKSLimits: Hashable, Sendable {
  /// The least time between two fetches while good keys are held; 30 s keeps a flood of unknown `kid`s at two fetches
  /// a minute.
  public var cooldownMilliseconds: Int64 = 30_000
  /// The least time between two fetches while no good keys are held, so that a repaired issuer is found within 10 s.
  public var failureCooldownMilliseconds: Int64 = 5_000
  /// How long an unknown `kid` alone is no reason to fetch again.
  public var unknownKidMilliseconds: Int64 = 60_000
  /// How long keys are used without asking, where the issuer doesn't say.
  public var freshMilliseconds: Int64 = 600_000
  /// How long keys outlive their last successful fetch.
  public var staleMilliseconds: Int64 = 86_400_000
  /// How many issuers are remembered.
  public var maxIssuers = 1_000
  /// What one fetch may cost.
  public var fetch = FetchLimits.metadata

  /// The recommended values.
  public init() {}
}
