import OAuthProtocol

/// Request objects are not supported, and never fetched (V-057; RFC 9101, OpenID Connect Core §6).
struct RequestObjectCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    if request.parameters.value("request") != nil {
      throw OAuthError(.requestNotSupported, "request is not supported")
    }
    if request.parameters.value("request_uri") != nil {
      throw OAuthError(.requestURINotSupported, "request_uri is not supported")
    }
  }
}
