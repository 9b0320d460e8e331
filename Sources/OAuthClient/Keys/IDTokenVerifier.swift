import OAuthProtocol
import StrictCoding

/// Verifies the ID token that a provider's token endpoint answered with.
///
/// Conforms to: OpenID Connect Core §3.1.3.7; security-checks N-20.
public struct IDTokenVerifier: Sendable {
  private let tokens: JWTVerifier

  /// - Parameter tokens: The verifier with the providers' keys.
  public init(_ tokens: JWTVerifier) {
    self.tokens = tokens
  }

  /// Verifies an ID token.
  ///
  /// - Parameters:
  ///   - token: The compact form.
  ///   - metadata: The provider's metadata, its issuer already compared with the configured one.
  ///   - clientID: Our client identifier at the provider.
  ///   - nonce: The nonce of this login's authorization request.
  ///   - algorithms: The allow-list, cut down to what the provider says of itself.
  /// - Returns: Who logged in.
  /// - Throws: `JWTError`.
  public func verify(
    _ token: String, from metadata: AuthorizationServerMetadata, clientID: String, nonce: String,
    algorithms: Set<JWSAlgorithm> = JWTExpectation.defaultAlgorithms
  ) async throws(JWTError) -> VerifiedIDToken {
    guard let text = metadata.jwksURI, let url = try? AbsoluteURL(parsing: text) else { throw .unknownKey }
    let expected = JWTExpectation(
      issuer: metadata.issuer, audience: clientID,
      algorithms: JWTExpectation.algorithms(of: metadata, allowing: algorithms))
    let claims = try await tokens.verify(token, keysFrom: url, expecting: expected)
    guard claims["iat"] != nil else { throw .claim("iat") }
    if claims.audience.count > 1 || claims["azp"] != nil {
      guard let party = claims.string("azp"), ByteString(party) == ByteString(clientID) else { throw .authorizedParty }
    }
    guard !nonce.isEmpty, let got = claims.string("nonce"), ConstantTime.areEqual(got.utf8, nonce.utf8) else {
      throw .nonce
    }
    guard let subject = claims.subject, (1...255).contains(subject.utf8.count) else { throw .claim("sub") }
    return VerifiedIDToken(issuer: ByteString(metadata.issuer), subject: ByteString(subject), claims: claims)
  }
}
