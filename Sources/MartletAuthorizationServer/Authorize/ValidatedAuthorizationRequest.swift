import MartletDomain
import OAuthProtocol

/// An authorization request that passed every check. Nothing has been stored yet.
struct ValidatedAuthorizationRequest: Sendable {
  /// Who asks.
  let client: RegisteredClient
  /// Where the answer goes.
  let returnAddress: ReturnAddress
  /// The PKCE challenge.
  let codeChallenge: CodeChallenge
  /// What it is for.
  let target: AuthorizationTarget
  /// What is asked for.
  let scope: ScopeSet
  /// Whether pages may be shown.
  let allowsPages: Bool

  /// Runs the table of checks.
  ///
  /// - Parameters:
  ///   - request: A request whose client and return address are good.
  ///   - table: The checks, in order.
  /// - Throws: `OAuthError` of the first check that refuses.
  init(_ request: AddressedRequest, passing table: [any AuthorizationCheck] = AuthorizationChecks.table)
    throws(OAuthError)
  {
    var findings = AuthorizationFindings()
    for check in table { try check.check(request, into: &findings) }
    guard let codeChallenge = findings.codeChallenge, let target = findings.target, let scope = findings.scope,
      let allowsPages = findings.allowsPages
    else { throw OAuthError(.serverError, "the request could not be checked", reason: "a check is missing") }
    client = request.client
    returnAddress = request.returnAddress
    self.codeChallenge = codeChallenge
    self.target = target
    self.scope = scope
    self.allowsPages = allowsPages
  }
}
