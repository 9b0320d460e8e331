import OAuthProtocol
import StrictCoding

/// `code` is the only response type (N-03; RFC 6749 §4.1.1).
struct ResponseTypeCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    guard let type = request.parameters.value("response_type") else {
      throw OAuthError(.invalidRequest, "response_type is required")
    }
    guard ByteString(type) == "code" else {
      throw OAuthError(.unsupportedResponseType, "response_type must be code")
    }
  }
}
