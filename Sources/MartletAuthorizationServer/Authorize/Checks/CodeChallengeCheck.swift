import OAuthProtocol

/// PKCE with S256, for every client (N-02, V-050b; OAuth 2.1 §4.1.1, §7.5.2).
struct CodeChallengeCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    findings.codeChallenge = try CodeChallenge(
      challenge: request.parameters.value("code_challenge"), method: request.parameters.value("code_challenge_method"))
  }
}
