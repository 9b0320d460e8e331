import OAuthProtocol

/// The scope is `mcp`, and `offline_access` where it was asked for. Anything else is dropped, not refused (A3, DESIGN
/// §7).
struct ScopeCheck: AuthorizationCheck {
  /// The scope of every route.
  static let resourceScope = "mcp"
  /// What our metadata offers.
  static let offered: ScopeSet = [resourceScope, "offline_access"]

  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    let asked = ScopeSet(tolerant: request.parameters.value("scope"))
    findings.scope = ScopeSet([Self.resourceScope]).union(Self.offered.intersection(asked))
  }
}
