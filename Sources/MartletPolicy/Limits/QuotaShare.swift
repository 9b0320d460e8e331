import MartletDomain

/// What a call has used up of daily quotas, to be given back where the call isn't made after all.
public struct QuotaShare: Sendable {
  let parts: [(count: QuotaCount, weight: Int)]
  /// Whether some count runs low here, so that more should be fetched before it is gone.
  public let runsLow: Bool
}

/// What a call finds of daily quotas in this process.
public enum QuotaFinding: Sendable {
  /// There was room under all of them, and it is used up.
  case taken(QuotaShare)
  /// A quota is used up for today.
  case refused(LimitRefusal)
  /// The store has to be asked first.
  case unknown
}
