/// Keeps the trail.
public protocol AuditStore: Sendable {
  /// Appends records in one durable step, each linked to the one before it in its tenant's trail.
  ///
  /// - Parameters:
  ///   - batch: What happened, in that order.
  ///   - chain: Links them.
  func appendAuditBatch(_ batch: AuditBatch, linkedBy chain: AuditChain) async throws(StoreError)

  /// The newest events, newest first.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for all.
  ///   - limit: At most so many.
  func auditEvents(tenant: TenantID?, limit: Int) async throws(StoreError) -> [AuditEvent]

  /// The events of a flow, oldest first: of the attempt to connect, without the calls that came through afterwards.
  func auditEvents(flow: FlowID) async throws(StoreError) -> [AuditEvent]

  /// The events that are wanted, what was written last first.
  ///
  /// - Parameters:
  ///   - filter: Which.
  ///   - position: Only those written before the one in this place; `nil` to begin with the last.
  ///   - limit: At most so many.
  func auditEvents(
    matching filter: AuditFilter, before position: Int64?, limit: Int
  ) async throws(StoreError) -> [PlacedEvent]

  /// The trails that there are, by tenant.
  func auditTrails() async throws(StoreError) -> [AuditTrail]

  /// The records of a trail in their order.
  ///
  /// - Parameters:
  ///   - tenant: Whose.
  ///   - sequence: Those behind this number.
  ///   - limit: At most so many.
  func auditRecords(
    of tenant: TenantID, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [AuditRecord]

  /// The newest flows, newest first, each with the events that it has reached.
  ///
  /// - Parameters:
  ///   - flow: Only those that began before this one; none where it isn't there any more. `nil` begins with the newest.
  ///   - limit: At most so many.
  func flows(before flow: FlowID?, limit: Int) async throws(StoreError) -> [FlowSummary]

  /// Removes the beginnings of trails: of each, the records before the first that isn't before a time. In the same step
  /// each shortened trail gets a `trail.trimmed` event that names the last removed record, so that a beginning that
  /// somebody else cut off shows.
  ///
  /// - Parameters:
  ///   - time: The time.
  ///   - others: Tenants whose records are kept for another time.
  ///   - now: When this happens.
  ///   - chain: Links the event.
  func removeAuditEvents(
    before time: Timestamp, _ others: [TenantID: Timestamp], at now: Timestamp, linkedBy chain: AuditChain
  ) async throws(StoreError)
}

extension AuditStore {
  /// Appends events in one durable step; see ``appendAuditBatch(_:linkedBy:)``.
  package func appendAuditEvents(_ events: [AuditEvent], linkedBy chain: AuditChain) async throws(StoreError) {
    try await appendAuditBatch(AuditBatch(events), linkedBy: chain)
  }

  /// The newest flows of all.
  public func flows(limit: Int) async throws(StoreError) -> [FlowSummary] {
    try await flows(before: nil, limit: limit)
  }

  /// Removes the beginnings of trails, with one time for every tenant.
  public func removeAuditEvents(
    before time: Timestamp, at now: Timestamp, linkedBy chain: AuditChain
  ) async throws(StoreError) {
    try await removeAuditEvents(before: time, [:], at: now, linkedBy: chain)
  }
}

/// One flow at a glance.
public struct FlowSummary: Sendable, Hashable {
  /// Which flow.
  public var flow: FlowID
  /// When its first event happened.
  public var startedAt: Timestamp
  /// When its last event happened.
  public var endedAt: Timestamp
  /// The client, once known.
  public var client: ClientID?
  /// The route, once known.
  public var route: String?
  /// The stages it has reached, in the order they were first reached.
  public var actions: [AuditAction]

  /// Describes a flow.
  public init(
    flow: FlowID, startedAt: Timestamp, endedAt: Timestamp, client: ClientID?, route: String?, actions: [AuditAction]
  ) {
    self.flow = flow
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.client = client
    self.route = route
    self.actions = actions
  }
}
