import MartletDomain

/// The browser that a request comes from, by its cookie.
struct BrowserIdentity: Sendable {
  /// How long a browser keeps the cookie.
  static let lifetime = Duration.seconds(365 * 86_400)

  /// What is stored of the cookie.
  let digest: ArtefactDigest
  /// Every name of the browser, its own first.
  let names: [ArtefactDigest]
  /// The cookie's value where it has to be set, nil where the browser brought it.
  let minted: Secret?

  /// The browser that brought the cookie.
  init?(of request: EndpointRequest, cookies: CookiePolicy) {
    names = cookies.browsers(of: request)
    guard let first = names.first else { return nil }
    digest = first
    minted = nil
  }

  /// A browser that is new here.
  init(minting random: some RandomSource) {
    let value = ArtefactKind.browser.mint(random)
    digest = ArtefactKind.browser.digest(value)
    names = [digest]
    minted = value
  }

  /// Adds the cookies to an answer where the browser doesn't have them yet.
  func remembered(
    in response: EndpointResponse, beginning pending: PendingAuthorization, cookies: CookiePolicy
  ) -> EndpointResponse {
    guard let minted else { return response }
    return
      response
      .adding("set-cookie", cookies.set(.browser, minted, lifetime: Self.lifetime))
      .adding(
        "set-cookie",
        cookies.setBrowser(minted, for: pending.id, lifetime: pending.expiresAt - pending.createdAt))
  }
}
