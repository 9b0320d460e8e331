import MartletDomain

/// Who asks for a change of the installation, for the trail.
public struct Asker: Sendable {
  /// A user, or the id of an admin token; `nil` for the command line.
  public var subject: String?
  /// The request, where there is one.
  public var request: RequestID?
  /// Where it came from.
  public var address: String?

  /// Describes who asks.
  public init(subject: String? = nil, request: RequestID? = nil, address: String? = nil) {
    self.subject = subject
    self.request = request
    self.address = address
  }

  /// What the trail says of it.
  ///
  /// - Parameter reason: Why; without it, the way by which it was asked for.
  public func event(
    _ action: AuditAction, at now: Timestamp, tenant: TenantID = .default, client: ClientID? = nil,
    route: String? = nil, target: String? = nil, reason: String? = nil
  ) -> AuditEvent {
    AuditEvent(
      at: now, action: action, tenant: tenant, request: request, subject: subject, client: client, route: route,
      target: target, reason: reason ?? (subject == nil ? "by_command" : "by_api"), address: address)
  }
}
