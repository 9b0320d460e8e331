import StrictCoding

/// Names a connection: whose account, at which server behind Martlet. Tenant first, as in every key (invariant 5).
public struct ConnectionKey: Hashable, Sendable {
  /// The tenant.
  public let tenant: TenantID
  /// The route of the server.
  public let route: RouteID
  /// Whose account it is.
  public let owner: ConnectionOwner

  /// Names a connection.
  public init(tenant: TenantID, route: RouteID, owner: ConnectionOwner) {
    self.tenant = tenant
    self.route = route
    self.owner = owner
  }
}

/// Whose upstream account a connection is.
public enum ConnectionOwner: Hashable, Sendable {
  /// One user's own.
  case user(UserID)
  /// Shared by the tenant's members: the gateway acts for itself.
  case tenant

  /// The user; `nil` for one that is shared.
  public var user: UserID? {
    if case .user(let user) = self { user } else { nil }
  }

  /// As a store keeps it: no user's name reads like the shared one.
  public var stored: ByteString {
    switch self {
    case .user(let user): ByteString(Array("user:".utf8) + user.value.bytes)
    case .tenant: "tenant"
    }
  }

  /// Reads it back.
  public init?(stored: ByteString) {
    let prefix = Array("user:".utf8)
    if stored == "tenant" {
      self = .tenant
    } else if stored.bytes.starts(with: prefix) {
      self = .user(UserID(ByteString(Array(stored.bytes.dropFirst(prefix.count)))))
    } else {
      return nil
    }
  }
}
