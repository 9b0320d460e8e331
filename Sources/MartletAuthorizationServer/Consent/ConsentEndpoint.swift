import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/consent`: shows what a client asks for, takes the decision, and sends the browser back to the client.
///
/// The page is always shown, also where the same was agreed to before (V-008, V-018c). A decision is taken exactly
/// once; every further submit of any copy of the page answers the same redirect.
///
/// Conforms to: RFC 6749 §4.1.2, §10.12; RFC 9207 §2; RFC 9700 §4.11, §4.12; MCP 2026-07-28 Security Best Practices,
/// Confused Deputy.
public struct ConsentEndpoint: Sendable {
  private let settings: @Sendable () -> AuthorizationServerSettings
  private let loader: ConsentRequestLoader
  private let authorizations: any AuthorizationStore
  private let outcomes: SealedOutcome
  private let formGuard: FormGuard
  private let audit: any AuditSink
  private let cookies: CookiePolicy
  private let clock: any WallClock
  private let random: any RandomSource

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant; asked once a request.
  ///   - clients: Finds clients.
  ///   - authorizations: Keeps pending authorizations, codes and consents.
  ///   - sessions: Tells which logins stand.
  ///   - users: Tells who they are.
  ///   - sealer: Seals the redirect that holds the code.
  ///   - formGuard: Makes and checks anti-forgery values.
  ///   - audit: Takes events.
  ///   - cookies: Names and attributes of cookies.
  ///   - clock: Tells the time.
  ///   - random: Gives random bytes.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    authorizations: any AuthorizationStore, sessions: any LoginSessionStore, users: any UserStore, sealer: Sealer,
    formGuard: FormGuard, audit: any AuditSink, cookies: CookiePolicy, clock: any WallClock, random: any RandomSource
  ) {
    self.settings = settings
    self.authorizations = authorizations
    loader = ConsentRequestLoader(
      clients: clients, authorizations: authorizations,
      login: CurrentLogin(sessions: sessions, users: users, cookies: cookies, clock: clock), clock: clock)
    outcomes = SealedOutcome(sealer: sealer)
    self.formGuard = formGuard
    self.audit = audit
    self.cookies = cookies
    self.clock = clock
    self.random = random
  }

  /// Shows the page; decides nothing.
  ///
  /// - Parameter request: `GET /consent?transaction=…`.
  /// - Returns: The page, a redirect to `/login`, or a page that says why not.
  public func show(_ request: EndpointRequest) async -> EndpointResponse {
    let settings = settings()
    do throws(ConsentInterruption) {
      guard ["GET", "HEAD"].contains(request.method) else { throw .page(.method(allowed: "GET and POST")) }
      guard let browser = BrowserIdentity(of: request, cookies: cookies) else { throw .page(.foreignBrowser) }
      let transaction = try Self.transaction(request)
      let consentRequest = try await loader.load(transaction, in: browser, request, settings)
      return try await page(consentRequest, settings)
    } catch {
      return answer(error, request)
    }
  }

  /// Takes the decision.
  ///
  /// - Parameter request: `POST /consent` with `transaction`, `csrf`, `decision=allow|deny`, and `resource` where it
  ///   was chosen.
  /// - Returns: The redirect to the client, with `code` or `access_denied`, `state` and `iss`; or a page that says
  ///   why not.
  public func decide(_ request: EndpointRequest) async -> EndpointResponse {
    let settings = settings()
    do throws(ConsentInterruption) {
      guard request.method == "POST" else { throw .page(.method(allowed: "GET and POST")) }
      guard let browser = BrowserIdentity(of: request, cookies: cookies) else { throw .page(.foreignBrowser) }
      let form = try read(request, in: browser.names)
      let consentRequest = try await loader.load(form.transaction, in: browser, request, settings)
      if let outcome = consentRequest.pending.sealedOutcome { return .seeOther(try open(outcome, consentRequest)) }
      return .seeOther(try await complete(consentRequest, form, request, settings))
    } catch {
      return answer(error, request)
    }
  }

  private func read(_ request: EndpointRequest, in names: [ArtefactDigest]) throws(ConsentInterruption) -> ConsentForm {
    do {
      return try ConsentForm(reading: request, guardedBy: formGuard, in: names)
    } catch {
      throw .page(error)
    }
  }

  private static func transaction(_ request: EndpointRequest) throws(ConsentInterruption) -> TransactionID {
    guard let query = try? FormParameters(parsing: request.query), query.values("transaction").count == 1,
      let id = query.values("transaction").first, !id.isEmpty, id.utf8.count <= 64
    else { throw .page(.malformed("The address of this page is incomplete.", reason: "transaction_missing")) }
    return TransactionID(id)
  }

  private func page(
    _ request: ConsentRequest, _ settings: AuthorizationServerSettings
  ) async throws(ConsentInterruption) -> EndpointResponse {
    let pending = request.pending
    let csrf = formGuard.value(
      purpose: ConsentForm.purpose, transaction: pending.id.string, browser: pending.browser)
    let page = ConsentPage(
      asking: request, isRemembered: try await isRemembered(request), csrf: csrf, settings: settings)
    return .page(200, Page(.consent(page), formTargets: [request.returnAddress.redirectURI.origin]))
  }

  private func isRemembered(_ request: ConsentRequest) async throws(ConsentInterruption) -> Bool {
    guard request.choices.count == 1, let route = request.choices.first else { return false }
    do {
      let consent = try await authorizations.consent(
        tenant: request.user.tenant, user: request.user.id, client: request.client.id, route: route.id,
        redirectHost: request.returnAddress.redirectURI.host, browser: request.browser)
      return consent.map { request.pending.scope.isSubset(of: $0.scope) } ?? false
    } catch {
      throw .page(.unavailable(error))
    }
  }

  /// Stores outcome, code and consent in one step, or answers what an earlier submit stored.
  private func complete(
    _ request: ConsentRequest, _ form: ConsentForm, _ http: EndpointRequest, _ settings: AuthorizationServerSettings
  ) async throws(ConsentInterruption) -> String {
    let decided = try ConsentDecision(
      form, on: request, settings: settings, now: clock.now(), random: random)
    let sealedOutcome = try seal(decided.location, request)
    let completion: AuthorizationCompletion
    do {
      completion = try await authorizations.completeAuthorization(
        request.pending.id, sealedOutcome: sealedOutcome, code: decided.code, consent: decided.consent,
        at: clock.now())
    } catch {
      throw .page(.unavailable(error))
    }
    switch completion {
    case .completed:
      record(decided, request, http)
      return decided.location
    case .alreadyCompleted(let outcome): return try open(outcome, request)
    case .gone: throw .page(.expired)
    }
  }

  private func seal(_ location: String, _ request: ConsentRequest) throws(ConsentInterruption) -> [UInt8] {
    do {
      return try outcomes.seal(location, for: request.user, of: request.pending.id)
    } catch {
      throw .page(.unavailable(reason: "seal: \(error)"))
    }
  }

  private func open(_ outcome: [UInt8], _ request: ConsentRequest) throws(ConsentInterruption) -> String {
    let location: String?
    do {
      location = try outcomes.open(outcome, for: request.user, of: request.pending.id)
    } catch {
      throw .page(.altered)
    }
    guard let location else { throw .page(.expired) }
    return location
  }

  private func record(_ decided: ConsentDecision, _ request: ConsentRequest, _ http: EndpointRequest) {
    let actions: [AuditAction] = decided.code == nil ? [.consentDenied] : [.consentGranted, .codeIssued]
    for action in actions {
      audit.record(
        AuditEvent(
          at: clock.now(), action: action, tenant: request.user.tenant, flow: request.pending.flow, request: http.id,
          subject: request.user.id.string, client: request.client.id, route: decided.route?.path, status: 303,
          address: http.address))
    }
  }

  private func answer(_ interruption: ConsentInterruption, _ request: EndpointRequest) -> EndpointResponse {
    switch interruption {
    case .login(let path): return .seeOther(path)
    case .page(let refusal):
      audit.record(
        AuditEvent(
          at: clock.now(), action: .authorizationRefused, request: request.id, status: refusal.status,
          reason: refusal.reason, address: request.address))
      return refusal.response(to: request)
    }
  }
}
