import OAuthProtocol
import StrictCoding

/// `query` is the only response mode (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
struct ResponseModeCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    guard let mode = request.parameters.value("response_mode") else { return }
    guard ByteString(mode) == "query" else {
      throw OAuthError(.invalidRequest, "response_mode must be query")
    }
  }
}
