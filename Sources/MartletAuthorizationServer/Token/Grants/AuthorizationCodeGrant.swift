import MartletDomain
import OAuthProtocol
import StrictCoding

/// Redeems an authorization code, exactly once.
///
/// Conforms to: RFC 6749 §4.1.3; RFC 7636 §4.6; RFC 8707 §2.2; RFC 9700 §2.1.1, §4.5. A wrong verifier neither spends
/// the code nor revokes anything, since clients that start several logins at once mix theirs up (A6); only a request
/// that is right in every respect can show that a code was used twice (V-050g).
struct AuthorizationCodeGrant: Grant {
  let type = GrantType.authorizationCode
  let store: any AuthorizationStore
  let redeemer: CodeRedeemer

  func find(_ request: TokenRequest) async throws(OAuthError) -> GrantOffer<AuthorizationCode> {
    let presented = try request.form.required("code")
    guard let digest = ArtefactKind.authorizationCode.digest(presented.utf8) else {
      throw Self.unknown("not a code")
    }
    let found: AuthorizationCode?
    do {
      found = try await store.authorizationCode(digest, at: request.now)
    } catch {
      throw OAuthError.unavailable(error)
    }
    guard let code = found else { throw Self.unknown("no such code") }
    guard code.client == request.client.id else { throw Self.unknown("another client's code") }
    guard code.expiresAt > request.now else { throw Self.unknown("expired") }
    return GrantOffer(
      evidence: code, subject: .user(code.tenant, code.user), route: code.route, scope: code.scope, grant: code.grant,
      flow: code.flow)
  }

  func redeem(
    _ offer: GrantOffer<AuthorizationCode>, under permit: GrantPermit, for request: TokenRequest
  ) async throws(OAuthError) -> TokenReply {
    let code = offer.evidence
    try Self.checkRedirect(of: code, request.form)
    try Self.checkVerifier(of: code, request.form)
    let consented = OneTimeCode(
      name: "authorization code", tenant: code.tenant, user: code.user, client: code.client, route: code.route,
      scope: code.scope, grant: code.grant, flow: code.flow)
    return try await redeemer.redeem(consented, under: permit, for: request) { family, refresh throws(StoreError) in
      try await store.redeemAuthorizationCode(code.digest, beginning: family, with: refresh, at: request.now)
    }
  }

  private static func checkRedirect(of code: AuthorizationCode, _ form: EndpointForm) throws(OAuthError) {
    let sent = form["redirect_uri"]
    guard sent != nil || !code.redirectURIWasSent else {
      throw OAuthError(.invalidGrant, "redirect_uri is missing; repeat the one of the authorization request")
    }
    guard sent.map({ ByteString($0) == ByteString(code.redirectURI) }) ?? true else {
      throw OAuthError(.invalidGrant, "redirect_uri differs from the one of the authorization request")
    }
  }

  private static func checkVerifier(of code: AuthorizationCode, _ form: EndpointForm) throws(OAuthError) {
    let verifier = try CodeVerifier(try form.required("code_verifier"))
    guard let challenge = CodeChallenge(stored: code.codeChallenge) else {
      throw OAuthError(.invalidGrant, "the authorization code is not usable", reason: "stored challenge is damaged")
    }
    guard verifier.matches(challenge) else {
      throw OAuthError(
        .invalidGrant, "code_verifier does not belong to this code's code_challenge; the code is still unused")
    }
  }

  private static func unknown(_ reason: String) -> OAuthError {
    OAuthError(.invalidGrant, "the authorization code is unknown or has expired", reason: reason)
  }
}
