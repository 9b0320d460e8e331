/// Why an access token is not accepted. The raw value is the stable code of the audit trail; a client only learns
/// `invalid_token`.
public enum AccessTokenRejection: String, Error, Sendable, CaseIterable {
  /// Not a signed token in strict compact form, or longer than 16 KiB.
  case malformed
  /// Of another kind: an assertion, an ID token.
  case wrongType = "wrong_type"
  /// Not ES256.
  case wrongAlgorithm = "wrong_algorithm"
  /// Signed by a key that this process doesn't know (yet).
  case unknownKey = "unknown_key"
  /// The signature isn't the key's.
  case badSignature = "bad_signature"
  /// A claim is missing or of the wrong type.
  case badClaims = "bad_claims"
  /// Another issuer's.
  case wrongIssuer = "wrong_issuer"
  /// For another route.
  case wrongAudience = "wrong_audience"
  /// Ended.
  case expired
  /// From the future.
  case notYetValid = "not_yet_valid"
  /// The route isn't there any more, or not for this tenant.
  case routeNotAdmitted = "route_not_admitted"
  /// Taken away.
  case revoked
}
