import OAuthProtocol

/// Why a token proves nothing; for audit, not for the wire.
public enum JWTError: Error, Hashable, Sendable {
  /// Not a JWS that we read.
  case malformed(JOSEError)
  /// An algorithm outside the issuer's allow-list.
  case algorithm
  /// A `typ` that isn't expected.
  case type
  /// No key of the issuer has this `kid` and fits the algorithm.
  case unknownKey
  /// No key verifies the signature.
  case signature
  /// Another issuer.
  case issuer
  /// Not meant for us, or for nobody.
  case audience
  /// Issued to another party (`azp`), or to nobody in particular while there are several audiences.
  case authorizedParty
  /// `exp` has passed.
  case expired
  /// `nbf` or `iat` lies in the future.
  case notYetValid
  /// A claim that is missing or not of its type.
  case claim(String)
  /// Not the nonce of this login.
  case nonce
  /// The issuer's keys can't be had: nothing may be concluded, try later.
  case unavailable(FetchError)
}
