import MartletDomain
import StrictCoding

/// Browsers and who is logged in in them, by their cookies.
public struct LoginSessions: Sendable {
  /// The stores that are asked.
  public typealias Store = UserStore & LoginSessionStore

  let store: any Store
  let cookies: CookiePolicy
  let clock: any WallClock
  let random: any RandomSource

  /// How long a browser keeps its own cookie; about as long as browsers allow.
  static let browserLifetime: Duration = .seconds(365 * 86_400)

  /// Reads sessions of a store.
  public init(
    store: any Store, cookies: CookiePolicy, clock: any WallClock = SystemClock(),
    random: any RandomSource = SystemRandom()
  ) {
    self.store = store
    self.cookies = cookies
    self.clock = clock
    self.random = random
  }

  /// Who is logged in in the browser that sent a request.
  ///
  /// - Returns: `nil` unless the session is alive, began in this very browser, and its user may log in.
  /// - Throws: `StoreError`.
  public func current(of request: EndpointRequest) async throws(StoreError) -> (session: LoginSession, user: User)? {
    guard let digest = sessionDigest(of: request), let session = try await store.loginSession(digest, at: clock.now()),
      cookies.browsers(of: request).contains(session.browser)
    else { return nil }
    guard let user = try await store.user(session.user), user.disabledAt == nil, user.tenant == session.tenant else {
      return nil
    }
    return (session, user)
  }

  /// The browser that sent a request, if it sent a well-formed browser cookie.
  public func browser(of request: EndpointRequest) -> ArtefactDigest? {
    cookies.browsers(of: request).first
  }

  func sessionDigest(of request: EndpointRequest) -> ArtefactDigest? {
    request.cookie(cookies.name(.session)).flatMap { ArtefactKind.loginSession.digest($0) }
  }

  /// Begins a session under a new id and ends the one that the browser had (V-054, N-29).
  ///
  /// - Returns: The `Set-Cookie` value.
  func begin(
    for user: User, in browser: ArtefactDigest, replacing request: EndpointRequest, lifetime: Duration
  ) async throws(StoreError) -> String {
    if let old = sessionDigest(of: request) { try await store.endLoginSession(old) }
    let value = ArtefactKind.loginSession.mint(random)
    let now = clock.now()
    try await store.createLoginSession(
      LoginSession(
        digest: ArtefactKind.loginSession.digest(value), browser: browser, tenant: user.tenant, user: user.id,
        authenticatedAt: now, expiresAt: now + lifetime))
    return cookies.set(.session, value, lifetime: lifetime)
  }
}
