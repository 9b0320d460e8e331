import MartletDomain
import OAuthProtocol
import StrictCoding

/// The pages where people log in, come back from a provider, see who they are, and log out.
///
/// One endpoint serves one configuration snapshot; everything that has to survive a reload is in the collaborators.
/// Only POST changes anything, but for a provider's answer, whose `state` stands for the form that the browser
/// submitted before. Wherever a login leads is a path of ours with a checked id: no parameter is ever a place to go to
/// (V-026).
public struct LoginEndpoint: Sendable {
  /// What the endpoint works with.
  public struct Collaborators: Sendable {
    let store: any LoginSessions.Store
    let passwords: PasswordLogin
    let forms: FormGuard
    let sealer: Sealer
    let prompting: any LoginPrompting
    let accounts: any AccountListing
    let loginTokens: any LoginTokenKeeping
    let audit: any AuditSink
    let clock: any WallClock
    let random: any RandomSource

    /// Names the collaborators.
    public init(
      store: any LoginSessions.Store, passwords: PasswordLogin, forms: FormGuard, sealer: Sealer,
      prompting: any LoginPrompting, accounts: any AccountListing = NoAccounts(),
      loginTokens: any LoginTokenKeeping = NoLoginTokens(), audit: any AuditSink,
      clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom()
    ) {
      self.store = store
      self.passwords = passwords
      self.forms = forms
      self.sealer = sealer
      self.prompting = prompting
      self.accounts = accounts
      self.loginTokens = loginTokens
      self.audit = audit
      self.clock = clock
      self.random = random
    }
  }

  let settings: IdentitySettings
  let origin: HTTPOrigin
  let providers: [String: any IdentityProvider]
  let collaborators: Collaborators
  let sessions: LoginSessions
  let departures: FederatedLogins

  /// Makes the endpoint of a snapshot.
  ///
  /// - Parameters:
  ///   - settings: What the configuration says.
  ///   - origin: The public origin.
  ///   - providers: The providers by name, usually `OIDCProvider`s of `settings.providers`.
  ///   - collaborators: What outlives the snapshot.
  public init(
    settings: IdentitySettings, origin: HTTPOrigin, providers: [String: any IdentityProvider],
    collaborators: Collaborators
  ) {
    self.settings = settings
    self.origin = origin
    self.providers = providers
    self.collaborators = collaborators
    sessions = LoginSessions(
      store: collaborators.store, cookies: CookiePolicy(origin: origin), clock: collaborators.clock,
      random: collaborators.random)
    departures = FederatedLogins(
      store: collaborators.store, sealer: collaborators.sealer, clock: collaborators.clock, random: collaborators.random
    )
  }

  /// Makes the endpoint of a snapshot with the OpenID providers that it names.
  public init(
    settings: IdentitySettings, origin: HTTPOrigin, backend: OIDCBackend, collaborators: Collaborators
  ) {
    self.init(
      settings: settings, origin: origin,
      providers: settings.providers.mapValues { OIDCProvider(settings: $0, backend: backend) },
      collaborators: collaborators)
  }

  /// `GET /login[?transaction=…]`: names who asks and offers every way to log in.
  public func show(_ request: EndpointRequest) async -> EndpointResponse {
    await answer(request) { visit throws(StoreError) in
      guard let query = try? FormParameters(parsing: request.query),
        let named = try? query.single("transaction") ?? ""
      else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      guard let destination = try await self.destination(named.isEmpty ? nil : named, for: visit) else {
        return .page(403, Page(.message(LoginPages.unknownTransaction(request.id))))
      }
      if try await sessions.current(of: request) != nil { return .seeOther(destination.path) }
      return await page(200, visit, destination)
    }
  }

  /// Runs a handler; whatever happens, the answer isn't cached, tells no other site where it came from (N-08), and
  /// names the browser.
  func answer(
    _ request: EndpointRequest, _ handler: (LoginVisit) async throws(StoreError) -> EndpointResponse
  ) async -> EndpointResponse {
    let visit: LoginVisit
    if let browser = sessions.browser(of: request) {
      visit = LoginVisit(request: request, browser: browser, newBrowser: nil)
    } else {
      let value = ArtefactKind.browser.mint(collaborators.random)
      visit = LoginVisit(request: request, browser: ArtefactKind.browser.digest(value), newBrowser: value)
    }
    var response: EndpointResponse
    do {
      response = try await handler(visit)
    } catch {
      response = .page(503, Page(.message(LoginPages.unavailable(request.id)))).adding("retry-after", "5")
    }
    if let value = visit.newBrowser {
      let cookie = sessions.cookies.set(.browser, value, lifetime: LoginSessions.browserLifetime)
      response = response.adding("set-cookie", cookie)
    }
    return response.adding("referrer-policy", "no-referrer")
  }

  /// Where a login leads: the transaction that waits for it in this browser, or the account page.
  ///
  /// - Returns: Nil for a transaction that is unknown, has ended or belongs to another browser.
  func destination(_ transaction: String?, for visit: LoginVisit) async throws(StoreError) -> LoginDestination? {
    guard let transaction else { return .account }
    // It holds nothing that is some browser's.
    if let page = ConnectReturn(transaction: transaction) { return .connecting(page) }
    if let page = DeviceReturn(transaction: transaction) { return .device(page) }
    if let page = ApprovalReturn(transaction: transaction) { return .approving(page) }
    guard visit.newBrowser == nil, (1...256).contains(transaction.utf8.count) else { return nil }
    let id = TransactionID(transaction)
    for browser in sessions.cookies.browsers(of: visit.request) {
      if let awaited = try await collaborators.prompting.awaitedLogin(for: id, browser: browser) {
        return .transaction(id, awaited)
      }
    }
    return nil
  }

  /// The login page.
  func page(
    _ status: Int, _ visit: LoginVisit, _ destination: LoginDestination, problem: String? = nil
  ) async -> EndpointResponse {
    let csrf = collaborators.forms.value(
      purpose: LoginDestination.formPurpose, transaction: destination.transaction?.string ?? "", browser: visit.browser)
    let content = LoginPage(
      prompt: destination.awaited?.prompt, transaction: destination.transaction?.string, csrf: csrf,
      acceptsPassword: settings.acceptsPasswords,
      providers: providers.keys.sorted { ByteString($0) < ByteString($1) }, problem: problem)
    return .page(status, Page(.login(content), formTargets: await formTargets()))
  }

  // Browsers hold a form's whole redirect chain to `form-action`, and a provider's button leads away.
  private func formTargets() async -> [String] {
    let origins = await withTaskGroup(of: String.self, returning: Set<String>.self) { group in
      for provider in providers.values { group.addTask { await provider.destination().string } }
      return await group.reduce(into: []) { $0.insert($1) }
    }
    return origins.subtracting([origin.string]).sorted()
  }
}
