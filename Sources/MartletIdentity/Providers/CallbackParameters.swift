import OAuthProtocol
import StrictCoding

/// An authorization response as a provider sends it (RFC 6749 §4.1.2; RFC 9207 §2).
struct CallbackParameters: Sendable {
  private static let cancellations: Set<String> = [
    "access_denied", "login_required", "consent_required", "interaction_required",
  ]

  private let codeValue: String?
  private let errorValue: String?
  private let issuerValue: String?

  init(_ parameters: FormParameters) throws(ProviderError) {
    do {
      codeValue = try parameters.single("code")
      errorValue = try parameters.single("error")
      issuerValue = try parameters.single("iss")
    } catch {
      throw .untrusted(reason: "repeated_parameter")
    }
  }

  /// Refuses an answer of another issuer, and one without issuer where the provider promised to name it.
  func requireIssuer(_ metadata: AuthorizationServerMetadata) throws(ProviderError) {
    guard let issuerValue else {
      if metadata.authorizationResponseIssParameterSupported { throw .untrusted(reason: "iss_missing") }
      return
    }
    guard ByteString(issuerValue) == ByteString(metadata.issuer) else { throw .untrusted(reason: "iss_mismatch") }
  }

  func code() throws(ProviderError) -> String {
    if let errorValue {
      let code = PlainText.sanitized(errorValue, limit: 64)
      if Self.cancellations.contains(code) { throw .cancelled }
      if code == "temporarily_unavailable" || code == "server_error" { throw .unavailable(reason: code) }
      throw .refused(code: code)
    }
    guard let codeValue, !codeValue.isEmpty, codeValue.utf8.count <= 4096 else { throw .untrusted(reason: "no_code") }
    return codeValue
  }
}
