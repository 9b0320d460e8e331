/// Which sums are wanted.
public struct CallSumQuery: Sendable, Hashable {
  /// What calls can be told apart by.
  public enum Dimension: String, Sendable, CaseIterable {
    /// Whose.
    case tenant
    /// Behind which route.
    case server
    /// Which tool.
    case tool
    /// Through which client.
    case client
  }

  /// Whose; `nil` for all.
  public var tenant: TenantID?
  /// From then on.
  public var since: Timestamp
  /// Before then.
  public var until: Timestamp
  /// How long each span is; `nil` for one sum of the whole time. Whole minutes; what is older than two days is there by
  /// the hour.
  public var step: Duration?
  /// What they are told apart by.
  public var dimensions: Set<Dimension>
  /// At most so many sums, earliest first, of one span those with the most calls first.
  public var limit: Int
  /// So many at the beginning are left out.
  public var skipped = 0

  /// Wants the calls of some time.
  public init(
    tenant: TenantID?, since: Timestamp, until: Timestamp, step: Duration?, by dimensions: Set<Dimension>, limit: Int
  ) {
    self.tenant = tenant
    self.since = since
    self.until = until
    self.step = step
    self.dimensions = dimensions
    self.limit = limit
  }
}

/// Sums of calls by minute and hour. They are written together with the records that they sum up
/// (`AuditStore.appendAuditBatch`), so they are as exact as the trail, and no call waits for them.
public protocol CallSumStore: Sendable {
  /// How many different keys of a tenant are told apart in one span; the calls of further ones are summed up as `*`.
  static var mostCallKeys: Int { get }

  /// Sums up.
  func callSums(_ query: CallSumQuery) async throws(StoreError) -> [CallSum]

  /// Who came through at which route, and when last, to within `AccessUse.grain`: calls that were forwarded.
  ///
  /// - Parameter tenant: Whose; `nil` for all.
  func accessUses(tenant: TenantID?) async throws(StoreError) -> [AccessUse: Timestamp]

  /// Makes minutes into hours, and removes hours and uses.
  ///
  /// - Parameters:
  ///   - time: Minutes of whole hours before then become hours.
  ///   - end: Hours and uses before then are removed.
  func foldCallSums(before time: Timestamp, removingBefore end: Timestamp) async throws(StoreError)
}
