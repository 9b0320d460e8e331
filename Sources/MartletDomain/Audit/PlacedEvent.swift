/// An event, and its place in the order in which the store took events of all tenants.
public struct PlacedEvent: Sendable, Hashable {
  /// Its place; what was written later has a higher one.
  public let position: Int64
  /// The event.
  public let event: AuditEvent

  /// Describes an event.
  public init(position: Int64, event: AuditEvent) {
    self.position = position
    self.event = event
  }
}
