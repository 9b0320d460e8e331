import OAuthProtocol
import StrictCoding

/// A token that is shown for another one.
public struct ExchangeableToken: Sendable, CustomStringConvertible, CustomReflectable {
  let token: [UInt8]
  let type: TokenTypeURI

  /// - Parameters:
  ///   - token: The token.
  ///   - type: Its kind.
  public init(_ token: [UInt8], type: TokenTypeURI) {
    self.token = token
    self.type = type
  }

  /// Its kind only.
  public var description: String { "ExchangeableToken(\(type), ‹redacted›)" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Kinds of token by their names in exchanges.
///
/// Conforms to: RFC 8693 §3; draft-ietf-oauth-identity-assertion-authz-grant.
public enum TokenTypeURI: String, Sendable {
  /// An access token.
  case accessToken = "urn:ietf:params:oauth:token-type:access_token"
  /// An ID token.
  case idToken = "urn:ietf:params:oauth:token-type:id_token"
  /// An identity provider's word about a user for another authorization server.
  case identityAssertion = "urn:ietf:params:oauth:token-type:id-jag"

  private static let jwt = "urn:ietf:params:oauth:token-type:jwt"

  /// Whether an answer holds what was requested. Some servers leave out what they issued; a token that isn't said to be
  /// an assertion, or that is no access token, is never taken for one.
  func accepts(_ answer: TokenResponse) -> Bool {
    guard let issued = answer.issuedTokenType.map({ ByteString($0) }) else {
      return self == .accessToken && !answer.isNoAccessToken
    }
    switch self {
    case .accessToken:
      return !answer.isNoAccessToken && (issued == ByteString(rawValue) || issued == ByteString(Self.jwt))
    case .idToken, .identityAssertion: return issued == ByteString(rawValue)
    }
  }
}

extension TokenResponse {
  /// RFC 8693 §2.2.1: what was issued can't be used as an access token.
  fileprivate var isNoAccessToken: Bool { ASCIICase.lowercased(tokenType) == "n_a" }
}
