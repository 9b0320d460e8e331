import MartletDomain
import StrictCoding

/// A user's accounts, for the page that lists them.
public struct AccountConnections: Sendable {
  private let store: any ConnectionStore
  private let directory: UpstreamDirectory
  private let forms: FormGuard

  /// - Parameters:
  ///   - store: Where connections are kept.
  ///   - directory: The configuration of this instant.
  ///   - forms: Makes anti-forgery values.
  public init(store: any ConnectionStore, directory: UpstreamDirectory, forms: FormGuard) {
    self.store = store
    self.directory = directory
    self.forms = forms
  }

  /// Every account that a user has or could have, ordered by server.
  ///
  /// - Throws: `StoreError`.
  public func list(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection] {
    let stored = try await store.connections(tenant: user.tenant, owner: .user(user.id))
    return directory.current.servers.compactMap { server in
      guard server.isUsersOwn, server.route.admits(user.tenant), let path = server.route.id.connectPath
      else { return nil }
      let csrf = forms.value(purpose: ConnectEndpoint.purpose, transaction: path, browser: browser)
      guard let connection = stored.first(where: { $0.key.route == server.route.id && server.takes($0) })
      else {
        if let settings = server.credential.tokenExchange,
          stored.contains(where: { $0.key.route == .login(settings.provider) && $0.isLogin(at: settings.login) })
        {
          return AccountConnection(readyAt: server, csrf: csrf)
        }
        return AccountConnection(absentAt: server, csrf: csrf)
      }
      return AccountConnection(connection, server, csrf: csrf)
    }
  }
}
