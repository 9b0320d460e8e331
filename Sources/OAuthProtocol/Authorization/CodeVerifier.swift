import Crypto
import StrictCoding

/// A PKCE code verifier: 43 to 128 unreserved characters. It is a secret and prints as `‹redacted›`.
///
/// Conforms to: RFC 7636 §4.1, §4.6.
public struct CodeVerifier: Sendable, CustomStringConvertible, CustomReflectable {
  /// The verifier itself, for a token request.
  public let value: ByteString

  /// Reads `code_verifier`.
  ///
  /// - Throws: `OAuthError` with `invalid_request` if length or charset are wrong.
  public init(_ string: String) throws(OAuthError) {
    let bytes = Array(string.utf8)
    guard bytes.count >= 43, bytes.count <= 128, bytes.allSatisfy(ASCII.isUnreserved) else {
      throw OAuthError(.invalidRequest, "code_verifier must be 43 to 128 unreserved characters")
    }
    value = ByteString(bytes)
  }

  /// Makes a verifier of 32 random bytes that the caller drew.
  ///
  /// - Returns: Nil unless there are 32 to 96 bytes.
  public init?(random bytes: [UInt8]) {
    guard bytes.count >= 32, bytes.count <= 96 else { return nil }
    value = ByteString(Base64URL.encode(bytes))
  }

  /// True if the challenge was made from this verifier; takes the same time whether or not it was.
  public func matches(_ challenge: CodeChallenge) -> Bool {
    let expected = challenge.value.bytes
    let actual = Array(digest.utf8)
    guard expected.count == actual.count else { return false }
    return zip(expected, actual).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  var digest: String { Base64URL.encode(SHA256.hash(data: value.bytes)) }

  /// `‹redacted›`.
  public var description: String { "‹redacted›" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
