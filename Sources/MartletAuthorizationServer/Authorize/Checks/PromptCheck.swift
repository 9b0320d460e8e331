import OAuthProtocol

/// `prompt=none` forbids pages, and stands alone; `consent` is what happens anyway; other values are ignored
/// (A2; OpenID Connect Core §3.1.2.1).
struct PromptCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    let prompts = ScopeSet(tolerant: request.parameters.value("prompt"))
    guard prompts.contains("none") else {
      findings.allowsPages = true
      return
    }
    guard prompts.count == 1 else { throw OAuthError(.invalidRequest, "prompt=none must stand alone") }
    findings.allowsPages = false
  }
}
