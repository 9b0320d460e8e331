import MartletDomain
import OAuthProtocol
import StrictCoding

/// Servers that users' logins are exchanged for: there is nothing to connect but the login itself.
extension ConnectEndpoint {
  /// The page that says so, with a way to log in.
  func loginPage(
    _ status: Int, _ visit: ConnectVisit, _ stored: UpstreamConnection?, _ settings: TokenExchangeSettings,
    _ problem: String?
  ) async throws(StoreError) -> EndpointResponse {
    // Whoever comes back may be somebody else, whom this user's ticket wouldn't fit.
    let back = ConnectReturn(server: visit.server.route.id.server, ticket: nil).transaction.string
    let login = try await collaborators.store.connection(visit.key.login(at: settings.provider))
    let csrf = collaborators.forms.value(
      purpose: ConnectReturn.formPurpose, transaction: back, browser: visit.browser)
    var content = ConnectPage(
      serverName: visit.server.route.displayName, serverHost: visit.server.url.origin.authority,
      issuer: settings.login.issuer, destination: settings.provider, scopes: settings.scopes.tokens,
      userName: visit.user.displayName, action: "/login/\(settings.provider)",
      connection: account(visit, stored, login, settings), ticket: nil, csrf: csrf,
      problem: problem ?? Self.obstacle(for: visit.user, settings))
    content.loginProvider = settings.provider
    content.transaction = back
    return .page(status, Page(.connect(content), formTargets: await targets(visit.server, settings)))
  }

  private func account(
    _ visit: ConnectVisit, _ stored: UpstreamConnection?, _ login: UpstreamConnection?,
    _ settings: TokenExchangeSettings
  ) -> AccountConnection? {
    guard let login, login.isLogin(at: settings.login) else {
      return login.map { AccountConnection($0, visit.server, csrf: "") }
    }
    guard let stored, !stored.isBehind(login) else { return AccountConnection(readyAt: visit.server, csrf: "") }
    return AccountConnection(stored, visit.server, csrf: "")
  }

  /// A user of another origin can't be exchanged, whatever they do as that user.
  private static func obstacle(for user: User, _ settings: TokenExchangeSettings) -> String? {
    if case .federated(let voucher, _) = user.origin, voucher == ByteString(settings.login.issuer) { return nil }
    return "You are logged in as a user that \(settings.provider) doesn't know. "
      + "Log in with \(settings.provider) here, and in the program that you use this server with."
  }

  private func targets(_ server: VaultServer, _ settings: TokenExchangeSettings) async -> [String] {
    let metadata = try? await collaborators.directory.metadata(of: settings.login.issuer, for: server)
    let endpoint = metadata?.authorizationEndpoint.flatMap { try? AbsoluteURL(parsing: $0) }
    guard let url = endpoint ?? (try? AbsoluteURL(parsing: settings.login.issuer)) else { return [] }
    return url.scheme == .https ? [url.origin.string, "https:"] : [url.origin.string]
  }
}

extension UpstreamConnection {
  /// Whether the next call begins the account anew from a login that came later.
  func isBehind(_ login: UpstreamConnection) -> Bool { !ledger.isUsable && login.connectedAt > connectedAt }
}
