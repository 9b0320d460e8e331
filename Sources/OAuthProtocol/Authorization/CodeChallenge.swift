import Crypto
import StrictCoding

/// A PKCE code challenge; `S256` is the only method there is.
///
/// Conforms to: RFC 7636 §4.2, §4.3; OAuth 2.1 §4.1.1 (`plain` refused: a stolen authorization request must not
/// disclose the verifier).
public struct CodeChallenge: Hashable, Sendable, CustomStringConvertible {
  /// The challenge, 43 characters of base64url.
  public let value: ByteString

  /// Reads the two parameters of an authorization request.
  ///
  /// - Parameters:
  ///   - challenge: `code_challenge`, nil if absent.
  ///   - method: `code_challenge_method`, nil if absent (which RFC 7636 defines as `plain`).
  /// - Throws: `OAuthError` with `invalid_request` unless the method is `S256` and the challenge is a SHA-256.
  public init(challenge: String?, method: String?) throws(OAuthError) {
    guard let challenge, !challenge.isEmpty else {
      throw OAuthError(.invalidRequest, "code_challenge is required (PKCE, RFC 7636)")
    }
    guard let method, ByteString(method) == "S256" else {
      throw OAuthError(.invalidRequest, "code_challenge_method must be S256")
    }
    guard let parsed = Self(stored: challenge) else {
      throw OAuthError(.invalidRequest, "code_challenge must be 43 characters of base64url")
    }
    self = parsed
  }

  /// Reads a challenge that was stored earlier.
  ///
  /// - Returns: Nil unless it is canonical base64url of 32 bytes.
  public init?(stored challenge: String) {
    guard challenge.utf8.count == 43, Base64URL.decode(challenge)?.count == 32 else { return nil }
    value = ByteString(challenge)
  }

  /// The challenge of a verifier, for our own requests as a client.
  public init(_ verifier: CodeVerifier) { value = ByteString(verifier.digest) }

  /// The wire form.
  public var description: String { value.string }
}
