import MartletDomain

/// One request of a logged-in user to the pages of one server.
struct ConnectVisit: Sendable {
  let request: EndpointRequest
  let server: VaultServer
  let user: User
  let browser: ArtefactDigest

  /// Whose account it is about: always the user's own.
  var key: ConnectionKey { ConnectionKey(tenant: user.tenant, route: server.route.id, owner: .user(user.id)) }
  /// The page of this server.
  var path: String { server.route.id.connectPath ?? "/account" }
}
