/// Keeps the trail.
public protocol AuditStore: Sendable {
  /// Appends events in one durable step.
  func appendAuditEvents(_ events: [AuditEvent]) async throws(StoreError)

  /// The newest events, newest first.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for all.
  ///   - limit: At most so many.
  func auditEvents(tenant: TenantID?, limit: Int) async throws(StoreError) -> [AuditEvent]

  /// The events of a flow, oldest first.
  func auditEvents(flow: FlowID) async throws(StoreError) -> [AuditEvent]

  /// The newest flows, newest first, each with the events that it has reached.
  func flows(limit: Int) async throws(StoreError) -> [FlowSummary]

  /// Removes events before a time.
  func removeAuditEvents(before time: Timestamp) async throws(StoreError)
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
