import MartletAuthorizationServer
import MartletDomain

/// Whose access is taken away.
public enum AccessTarget: Sendable, Hashable {
  /// All that a user or a service account has.
  case user(User)
  /// All that was begun through a client.
  case client(ClientID)
  /// All that a tenant's members have.
  case tenant(TenantID)
  /// All that reaches a server.
  case server(RouteID)

  var revocation: RevocationTarget {
    switch self {
    case .user(let user): .user(user.tenant, user.id)
    case .client(let client): .client(client)
    case .tenant(let tenant): .tenant(tenant)
    case .server(let route): .route(route)
    }
  }

  /// The other servers, where it is one.
  public func others(in configuration: Configuration) -> Set<ServerName> {
    guard case .server(let route) = self else { return [] }
    return Set(configuration.servers.map(\.name)).subtracting([route.server])
  }

  /// What the trail calls it.
  var trailName: String {
    guard case .user(let user) = self else { return words }
    return "user:\(user.trailName)"
  }

  /// What it is called, for people.
  public var words: String {
    switch self {
    case .user(let user): "user:\(user.accountName ?? user.id.string)"
    case .client(let client): "client:\(client)"
    case .tenant(let tenant): "tenant:\(tenant)"
    case .server(let route): "server:\(route.server)"
    }
  }
}
