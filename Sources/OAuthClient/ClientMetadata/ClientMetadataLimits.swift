/// Times and sizes of `ClientMetadataDocuments`.
public struct ClientMetadataLimits: Hashable, Sendable {
  /// What one fetch may cost.
  public var fetch = FetchLimits.clientMetadata
  /// The shortest time for which a valid document is used without asking again, whatever its headers say.
  public var minimumFreshMilliseconds: Int64 = 300_000
  /// The longest such time.
  public var maximumFreshMilliseconds: Int64 = 86_400_000
  /// The time where the headers say nothing.
  public var defaultFreshMilliseconds: Int64 = 3_600_000
  /// How long a valid document is used while newer ones can't be had.
  public var staleMilliseconds: Int64 = 604_800_000
  /// How long an invalid document isn't asked for again.
  public var invalidMilliseconds: Int64 = 30_000
  /// How long an unreachable one isn't; short, so that Martlet recovers within 10 s of its name server.
  public var unavailableMilliseconds: Int64 = 5_000
  /// How many documents, and how many failures, are remembered.
  public var maxEntries = 1_000

  /// The recommended values.
  public init() {}
}
