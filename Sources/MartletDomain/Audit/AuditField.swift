/// The fields of a record, in the order of its bytes.
public enum AuditField: Int, Sendable, CaseIterable {
  /// Whose trail.
  case tenant
  /// When: milliseconds since 1970.
  case at
  /// What.
  case action
  /// The flow.
  case flow
  /// The HTTP request.
  case request
  /// Who.
  case subject
  /// Through which client.
  case client
  /// At which route.
  case route
  /// The MCP method.
  case method
  /// The tool, prompt or resource.
  case target
  /// The HTTP status.
  case status
  /// Why.
  case reason
  /// How long: nanoseconds.
  case duration
  /// Where it came from.
  case address
  /// With which API key; only where it is there.
  case key
  /// The distributed trace; only where it is there.
  case trace

  /// How many there are.
  static let count = 16
}
