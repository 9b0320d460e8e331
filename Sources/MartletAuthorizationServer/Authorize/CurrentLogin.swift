import MartletDomain

/// Finds who is logged in in a browser.
struct CurrentLogin: Sendable {
  let sessions: any LoginSessionStore
  let users: any UserStore
  let cookies: CookiePolicy
  let clock: any WallClock

  /// The user, if their session belongs to this browser and they may still log in.
  ///
  /// - Returns: Nil for nobody; a disabled user is nobody.
  func user(of request: EndpointRequest, in names: [ArtefactDigest]) async throws(StoreError) -> User? {
    guard let value = request.cookie(cookies.name(.session)), let digest = ArtefactKind.loginSession.digest(value)
    else { return nil }
    guard let session = try await sessions.loginSession(digest, at: clock.now()), names.contains(session.browser)
    else { return nil }
    guard session.expiresAt > clock.now(), let user = try await users.user(session.user) else { return nil }
    guard user.tenant == session.tenant, user.disabledAt == nil else { return nil }
    return user
  }
}
