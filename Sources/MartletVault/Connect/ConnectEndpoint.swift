import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// The pages where users connect their accounts at servers behind Martlet, and take them away again.
///
/// Opening a link changes nothing: what will be asked, and of whom, is shown first, and a click leaves. Everything is
/// about the account of whoever is logged in; a link that was made for somebody else says so and leads nowhere, and an
/// answer that comes back counts in the browser and for the user that left, once.
public struct ConnectEndpoint: Sendable {
  /// What the endpoint works with.
  public struct Collaborators: Sendable {
    let users: any ConnectingUsers
    let store: any ConnectionStore & ConnectingStore
    let vault: Vault
    let directory: UpstreamDirectory
    let discovery: UpstreamDiscovery
    let registrar: UpstreamRegistrar
    let tickets: ConnectTickets
    let forms: FormGuard
    let sealer: Sealer
    let audit: any AuditSink
    let clock: any WallClock
    let random: any RandomSource

    /// Names the collaborators.
    public init(
      users: any ConnectingUsers, store: any ConnectionStore & ConnectingStore, vault: Vault,
      directory: UpstreamDirectory, discovery: UpstreamDiscovery, registrar: UpstreamRegistrar,
      tickets: ConnectTickets, forms: FormGuard, sealer: Sealer, audit: any AuditSink, clock: any WallClock,
      random: any RandomSource
    ) {
      self.users = users
      self.store = store
      self.vault = vault
      self.directory = directory
      self.discovery = discovery
      self.registrar = registrar
      self.tickets = tickets
      self.forms = forms
      self.sealer = sealer
      self.audit = audit
      self.clock = clock
      self.random = random
    }
  }

  let collaborators: Collaborators

  /// Makes the endpoint.
  public init(_ collaborators: Collaborators) { self.collaborators = collaborators }

  /// `GET /connect/{server}[?ticket=…]`: shows what will be asked of which authorization server.
  public func show(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    let ticket = (try? FormParameters(parsing: request.query)).flatMap { try? $0.single("ticket") }
    return await answer(name, request, ticket: ticket) { visit throws(StoreError) in
      if let refusal = refusal(of: ticket, visit) { return refusal }
      return try await page(200, visit, ticket: ticket)
    }
  }

  /// `GET /connect/{server}/client.json`: Martlet's own client metadata document.
  public func clientDocument(_ name: String) -> EndpointResponse {
    guard let server = server(name), case .oauth = server.credential,
      let document = collaborators.registrar.document(for: server)
    else {
      return .json(404, JSONWriter.write(["error": "not_found"]))
    }
    var members = document.metadata.json()
    members["client_id"] = .string(document.id)
    return .json(200, JSONWriter.write(.object(members)), cache: "public, max-age=3600")
  }

  func server(_ name: String) -> VaultServer? {
    guard let server = collaborators.directory.server(RouteID(server: ServerName(name))), server.isUsersOwn else {
      return nil
    }
    return server
  }

  /// Runs a handler for a logged-in user who may have the server; others are sent to log in, and come back.
  func answer(
    _ name: String, _ request: EndpointRequest, ticket: String? = nil,
    _ handler: (ConnectVisit) async throws(StoreError) -> EndpointResponse
  ) async -> EndpointResponse {
    do throws(StoreError) {
      guard let server = server(name) else { return .page(404, Page(.message(ConnectPages.noServer))) }
      guard let (user, browser) = try await collaborators.users.current(of: request) else {
        return .seeOther(ConnectReturn(server: server.route.id.server, ticket: ticket).loginPath)
      }
      // Whether there is such a server is nothing that other tenants learn.
      guard server.route.admits(user.tenant) else { return .page(404, Page(.message(ConnectPages.noServer))) }
      return try await handler(ConnectVisit(request: request, server: server, user: user, browser: browser))
    } catch {
      return .page(503, Page(.message(ConnectPages.unavailable(request.id)))).adding("retry-after", "5")
    }
  }

  func refusal(of ticket: String?, _ visit: ConnectVisit) -> EndpointResponse? {
    guard let ticket else { return nil }
    switch collaborators.tickets.read(ticket, for: visit.key) {
    case .good: return nil
    case .ended: return .page(410, Page(.message(ConnectPages.endedLink(visit))))
    case .foreign:
      note(.connectionRefused, visit, reason: "foreign_link")
      return .page(403, Page(.message(ConnectPages.foreignLink(visit))))
    }
  }

  func page(
    _ status: Int, _ visit: ConnectVisit, ticket: String?, problem: String? = nil
  ) async throws(StoreError) -> EndpointResponse {
    let stored = try await collaborators.store.connection(visit.key)
    if visit.server.credential.ownKey != nil { return keyPage(status, visit, stored, ticket, problem) }
    if let settings = visit.server.credential.tokenExchange {
      return try await loginPage(status, visit, stored, settings, problem)
    }
    let place: UpstreamPlace
    do {
      place = try await collaborators.discovery.place(of: visit.server)
    } catch {
      return failed(error, visit)
    }
    let asked = place.scopesToAsk(after: stored, settings: visit.server.oauth)
    let content = ConnectPage(
      serverName: visit.server.route.displayName, serverHost: visit.server.url.origin.authority,
      issuer: place.metadata.issuer, destination: place.authorizationEndpoint.origin.authority,
      scopes: asked.tokens, userName: visit.user.displayName, action: visit.path,
      connection: account(visit, stored), ticket: ticket, csrf: csrf(visit), problem: problem)
    return .page(status, Page(.connect(content), formTargets: Self.targets(place.authorizationEndpoint)))
  }

  /// The account as pages show it; `nil` for none.
  func account(_ visit: ConnectVisit, _ stored: UpstreamConnection?) -> AccountConnection? {
    guard let stored, stored.ledger.state != .revoked, visit.server.takes(stored) else { return nil }
    return AccountConnection(stored, visit.server, csrf: csrf(visit))
  }

  /// Browsers hold the whole chain of redirects after a form to `form-action`, and authorization servers send people on
  /// to log in wherever they like: to any https site, then.
  private static func targets(_ endpoint: AbsoluteURL) -> [String] {
    endpoint.scheme == .https ? [endpoint.origin.string, "https:"] : [endpoint.origin.string]
  }

  func csrf(_ visit: ConnectVisit) -> String {
    collaborators.forms.value(purpose: Self.purpose, transaction: visit.path, browser: visit.browser)
  }

  static let purpose = "connect"

  func failed(_ problem: ConnectProblem, _ visit: ConnectVisit) -> EndpointResponse {
    note(.connectionRefused, visit, reason: problem.code)
    let response = EndpointResponse.page(problem.status, Page(.message(ConnectPages.failed(problem, visit))))
    return problem.status == 503 ? response.adding("retry-after", "30") : response
  }

  func note(_ action: AuditAction, _ visit: ConnectVisit, reason: String? = nil) {
    collaborators.audit.record(
      AuditEvent(
        at: collaborators.clock.now(), action: action, tenant: visit.user.tenant, request: visit.request.id,
        subject: visit.user.id.string, route: visit.server.route.id.path, reason: reason,
        address: visit.request.address))
  }
}
