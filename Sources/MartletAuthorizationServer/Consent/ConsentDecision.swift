import MartletDomain
import OAuthProtocol
import StrictCoding

/// What a decision leads to. Nothing has been stored yet.
struct ConsentDecision: Sendable {
  /// Where the browser goes.
  let location: String
  /// The code to store; nil where the user refused.
  let code: AuthorizationCode?
  /// What to remember; nil where the user refused.
  let consent: Consent?
  /// The route that it is about, once chosen.
  let route: RouteID?

  /// Draws the consequences of a form.
  ///
  /// - Throws: `ConsentInterruption.page` where no route, or none that was offered, was chosen.
  init(
    _ form: ConsentForm, on request: ConsentRequest, settings: AuthorizationServerSettings, now: Timestamp,
    random: some RandomSource
  ) throws(ConsentInterruption) {
    guard form.decision == .allow else {
      location = request.returnAddress.location(error: OAuthError(.accessDenied, "the user refused"))
      code = nil
      consent = nil
      route = request.pending.route
      return
    }
    guard let chosen = request.choice(form.resource, in: settings.routes) else {
      throw .page(.malformed("No server was chosen.", reason: "resource_not_chosen"))
    }
    let value = ArtefactKind.authorizationCode.mint(random)
    let pending = request.pending
    location = request.returnAddress.location(code: ByteString(value.expose()).string)
    route = chosen.id
    code = AuthorizationCode(
      digest: ArtefactKind.authorizationCode.digest(value), grant: GrantID(Base64URL.encode(random.bytes(16))),
      tenant: request.user.tenant, user: request.user.id, client: request.client.id, redirectURI: pending.redirectURI,
      redirectURIWasSent: pending.redirectURIWasSent, codeChallenge: pending.codeChallenge, route: chosen.id,
      scope: pending.scope, flow: pending.flow, issuedAt: now, expiresAt: now + settings.tokens.codeLifetime)
    consent = Consent(
      tenant: request.user.tenant, user: request.user.id, client: request.client.id, route: chosen.id,
      redirectHost: request.returnAddress.redirectURI.host, browser: request.browser, scope: pending.scope,
      grantedAt: now)
  }
}
