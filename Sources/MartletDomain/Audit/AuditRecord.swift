import StrictCoding

/// An event of the trail in its place.
public struct AuditRecord: Sendable, Hashable {
  /// Its number in its tenant's trail, and the digest that was stored with it.
  public let head: AuditHead
  /// What happened; `nil` where the stored record can't be read as an event.
  public let event: AuditEvent?

  /// Describes a record.
  public init(head: AuditHead, event: AuditEvent?) {
    self.head = head
    self.event = event
  }
}

/// A tenant's trail at a glance.
public struct AuditTrail: Sendable, Hashable {
  /// Whose.
  public let tenant: TenantID
  /// Its end, as the store remembers it.
  public let head: AuditHead
  /// The last record that retention has removed; the chain goes on from there.
  public let trimmed: AuditHead

  /// Describes a trail.
  public init(tenant: TenantID, head: AuditHead, trimmed: AuditHead) {
    self.tenant = tenant
    self.head = head
    self.trimmed = trimmed
  }
}

/// Which events of the trail are wanted. What is `nil` doesn't matter.
public struct AuditFilter: Sendable, Hashable {
  /// Whose.
  public var tenant: TenantID?
  /// From then on.
  public var since: Timestamp?
  /// Before then.
  public var until: Timestamp?
  /// Who.
  public var subject: String?
  /// Through which client.
  public var client: ClientID?
  /// At which route.
  public var route: String?
  /// What.
  public var action: AuditAction?
  /// Which tool, prompt or resource.
  public var target: String?

  /// Wants everything.
  public init() {}

  /// Whether an event is wanted.
  public func matches(_ event: AuditEvent) -> Bool {
    (tenant.map { $0 == event.tenant } ?? true) && (since.map { event.at >= $0 } ?? true)
      && (until.map { event.at < $0 } ?? true) && isSame(subject, event.subject)
      && (client.map { $0 == event.client } ?? true) && isSame(route, event.route)
      && (action.map { $0 == event.action } ?? true) && isSame(target, event.target)
  }

  private func isSame(_ wanted: String?, _ found: String?) -> Bool {
    wanted.map { ByteString($0) == found.map { ByteString($0) } } ?? true
  }
}
