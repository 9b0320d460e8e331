import OAuthProtocol

/// No parameter but `resource` comes twice (RFC 6749 §3.1; RFC 8707 §2).
struct RepeatedParameterCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    for name in AuthorizationParameters.known where request.parameters.isRepeated(name) {
      throw OAuthError(.invalidRequest, "\(name) is repeated", reason: "repeated: \(name)")
    }
  }
}
