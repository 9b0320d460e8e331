import MartletDomain
import StrictCoding

/// Servers that want a key of each user's own: it is entered here, kept sealed, and never shown again.
extension ConnectEndpoint {
  /// The page with the field for it.
  func keyPage(
    _ status: Int, _ visit: ConnectVisit, _ stored: UpstreamConnection?, _ ticket: String?, _ problem: String?
  ) -> EndpointResponse {
    let host = visit.server.url.origin.authority
    var content = ConnectPage(
      serverName: visit.server.route.displayName, serverHost: host, issuer: "", destination: host, scopes: [],
      userName: visit.user.displayName, action: visit.path,
      connection: account(visit, stored), ticket: ticket, csrf: csrf(visit), problem: problem)
    content.takesKey = true
    return .page(status, Page(.connect(content)))
  }

  /// Takes the key in. A link's ticket is good for more than one try: what it opens is the opener's own page.
  func keep(_ form: ConnectForm, _ visit: ConnectVisit) async throws(StoreError) -> EndpointResponse {
    guard let key = form.key.flatMap({ OwnKeySettings.key(entered: $0.expose()) }) else {
      return try await page(
        400, visit, ticket: form.ticket,
        problem: "This can't be a key: enter visible characters without spaces between them, as the server shows it.")
    }
    do {
      try await collaborators.vault.keep(key, for: visit.key)
    } catch {
      return failed(.store(.unavailable("vault")), visit)
    }
    note(.connectionEstablished, visit)
    return .seeOther(visit.path)
  }
}
