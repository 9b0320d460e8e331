import Crypto
import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/device`: takes the code that a program shows, then its user's decision.
///
/// Nobody gets as far as a code without being logged in, and nothing is ever decided by opening a link: the code is
/// typed or confirmed, then the page says who asks, for what, and where it was begun (RFC 8628 §3.3, §5.4; V-063).
public struct DevicePageEndpoint: Sendable {
  /// A request by somebody who is logged in.
  struct Visit {
    let request: EndpointRequest
    let user: User
    let browser: BrowserIdentity
    let settings: AuthorizationServerSettings
  }

  let settings: @Sendable () -> AuthorizationServerSettings
  let clients: any ClientDirectory
  let store: any DeviceAuthorizationStore
  let login: CurrentLogin
  let guesses: CodeGuesses
  let codeKey: SymmetricKey
  let formGuard: FormGuard
  let cookies: CookiePolicy
  let audit: any AuditSink
  let clock: any WallClock
  let random: any RandomSource

  /// Shows the page for the code; decides nothing, and looks no code up.
  ///
  /// - Parameter request: `GET /device`, with `user_code` where the program's link held it.
  public func show(_ request: EndpointRequest) async -> EndpointResponse {
    let given = (try? FormParameters(parsing: request.query)).flatMap { try? $0.single("user_code") }
    let code = given.flatMap { UserCode(typed: $0) }?.text
    return await answer(request, code: code) { visit throws(PageRefusal) in entry(visit, code: code) }
  }

  /// Takes a code, or with `decision` the decision about it.
  ///
  /// - Parameter request: `POST /device` with `user_code` and `csrf`, then with `decision=allow|deny` too, and
  ///   `resource` where it was chosen.
  public func submit(_ request: EndpointRequest) async -> EndpointResponse {
    await answer(request, code: nil) { visit throws(PageRefusal) in
      let form = try DeviceForm(reading: request)
      guard visit.browser.names.contains(where: { accepts(form, visit, in: $0) }) else { throw .forged }
      guard let decision = form.decision else { return try await look(form, visit) }
      return try await decide(decision, form, visit)
    }
  }

  private func answer(
    _ request: EndpointRequest, code: String?, _ handler: (Visit) async throws(PageRefusal) -> EndpointResponse
  ) async -> EndpointResponse {
    let settings = settings()
    do throws(PageRefusal) {
      guard settings.deviceGrant.isEnabled else { throw .noDeviceGrant }
      let browser = BrowserIdentity(of: request, cookies: cookies)
      guard let browser, let user = try await user(of: request, in: browser) else {
        return .seeOther(DeviceReturn(userCode: code).loginPath)
      }
      return try await handler(Visit(request: request, user: user, browser: browser, settings: settings))
    } catch {
      return error.response(to: request)
    }
  }

  private func user(of request: EndpointRequest, in browser: BrowserIdentity) async throws(PageRefusal) -> User? {
    do {
      return try await login.user(of: request, in: browser.names)
    } catch {
      throw .unavailable(error)
    }
  }

  private func entry(_ visit: Visit, code: String?, status: Int = 200, problem: String? = nil) -> EndpointResponse {
    let csrf = formGuard.value(purpose: DeviceForm.purpose, transaction: "", browser: visit.browser.digest)
    return .page(
      status,
      Page(.device(DevicePage(userName: visit.user.displayName, userCode: code, csrf: csrf, problem: problem))))
  }

  /// The form for a code is anybody's in this browser; the form for a decision is this user's about this code.
  private func accepts(_ form: DeviceForm, _ visit: Visit, in browser: ArtefactDigest) -> Bool {
    form.decision == nil
      ? formGuard.accepts(form.csrf, purpose: DeviceForm.purpose, transaction: "", browser: browser)
      : formGuard.accepts(
        form.csrf, purpose: DeviceForm.decisionPurpose, transaction: Self.binding(form.userCode?.text, visit.user),
        browser: browser)
  }

  static func binding(_ code: String?, _ user: User) -> String { "\(code ?? "")\u{0}\(user.id)" }

  private func look(_ form: DeviceForm, _ visit: Visit) async throws(PageRefusal) -> EndpointResponse {
    if let seconds = guesses.wait(of: visit.user.id, at: clock.now()) {
      record(.deviceRefused, visit, nil, status: 429, reason: "throttled")
      return entry(visit, code: nil, status: 429, problem: DevicePages.tooManyCodes(seconds: seconds))
        .adding("retry-after", String(seconds))
    }
    guard let code = form.userCode, let device = try await device(code) else {
      guesses.fail(visit.user.id, at: clock.now())
      record(.deviceRefused, visit, nil, status: 404, reason: "unknown_user_code")
      return entry(visit, code: nil, status: 404, problem: DevicePages.unknownCode)
    }
    let (client, choices) = try await asked(device, visit)
    let csrf = formGuard.value(
      purpose: DeviceForm.decisionPurpose, transaction: Self.binding(code.text, visit.user),
      browser: visit.browser.digest)
    return .page(
      200,
      Page(
        .deviceConsent(
          DeviceConsentPage(
            code, of: client, device, choices, visit: visit, csrf: csrf, at: clock.now()))))
  }

  private func decide(
    _ decision: ConsentForm.Decision, _ form: DeviceForm, _ visit: Visit
  ) async throws(PageRefusal) -> EndpointResponse {
    guard let code = form.userCode, let device = try await device(code) else { throw .deviceGone }
    let (_, choices) = try await asked(device, visit)
    var outcome = DeviceDecision.denied
    if decision == .allow {
      guard let route = Self.choice(form.resource, choices, visit.settings.routes) else {
        throw .malformed("No server was chosen.", reason: "resource_not_chosen")
      }
      outcome = .allowed(
        visit.user.tenant, visit.user.id, route.id, GrantID(Base64URL.encode(random.bytes(16))))
    }
    let isDecided: Bool
    do {
      isDecided = try await store.decideDeviceAuthorization(
        userCode: code.digest(under: codeKey), outcome, at: clock.now())
    } catch {
      throw .unavailable(error)
    }
    guard isDecided else { throw .deviceGone }
    record(decision == .allow ? .consentGranted : .consentDenied, visit, device, status: 200, reason: "device")
    return .page(200, Page(.message(decision == .allow ? DevicePages.allowed : DevicePages.denied)))
  }

  private func device(_ code: UserCode) async throws(PageRefusal) -> DeviceAuthorization? {
    do {
      return try await store.deviceAuthorization(userCode: code.digest(under: codeKey), at: clock.now())
    } catch {
      throw .unavailable(error)
    }
  }

  /// The client as it is known now, and what it can be for: the same rules as for a client with a browser (V-060).
  private func asked(
    _ device: DeviceAuthorization, _ visit: Visit
  ) async throws(PageRefusal) -> (RegisteredClient, [ProtectedRoute]) {
    let client = try await ClientCheck(clients: clients).client(device.client)
    let permission = RoutePermission(client: client, routes: visit.settings.routes)
    let routes = device.route.map { id in [visit.settings.routes.route(id)].compactMap { $0 } } ?? permission.routes
    let choices = routes.filter { permission.covers($0, for: visit.user.tenant) }
    guard !choices.isEmpty else { throw .noAccess(server: device.route == nil ? nil : routes.first?.displayName) }
    return (client, choices)
  }

  private static func choice(
    _ resource: String?, _ choices: [ProtectedRoute], _ routes: RouteDirectory
  ) -> ProtectedRoute? {
    guard let resource else { return choices.count == 1 ? choices.first : nil }
    guard let indicator = try? ResourceIndicator(parsing: resource) else { return nil }
    return routes.route(for: indicator).flatMap { route in choices.first { $0.id == route.id } }
  }

  private func record(
    _ action: AuditAction, _ visit: Visit, _ device: DeviceAuthorization?, status: Int, reason: String
  ) {
    audit.record(
      AuditEvent(
        at: clock.now(), action: action, tenant: visit.user.tenant, flow: device?.flow, request: visit.request.id,
        subject: visit.user.id.string, client: device?.client, route: device?.route?.path, status: status,
        reason: reason, address: visit.request.address))
  }
}
