import OAuthProtocol
import StrictCoding

/// Verifies tokens of an issuer whose keys come from its `jwks_uri`.
///
/// The issuer, the place of its keys and its algorithms are the caller's; nothing in the token chooses them
/// (security-checks V-056).
///
/// Conforms to: RFC 7519 §7.2; RFC 8725 §3.
public struct JWTVerifier: Sendable {
  private let keys: JWKSCache
  private let clock: MillisecondClock

  /// - Parameters:
  ///   - keys: The issuers' keys.
  ///   - clock: The present.
  public init(keys: JWKSCache, clock: @escaping MillisecondClock) {
    self.keys = keys
    self.clock = clock
  }

  /// Verifies one token.
  ///
  /// - Parameters:
  ///   - token: The compact form.
  ///   - url: The issuer's `jwks_uri`.
  ///   - expected: What the token must say; `exp` is always required.
  /// - Returns: The claims, now to be believed.
  /// - Throws: `JWTError`.
  public func verify(
    _ token: String, keysFrom url: AbsoluteURL, expecting expected: JWTExpectation
  ) async throws(JWTError) -> JWTClaims {
    let signed = try Self.parse(token, expected)
    try Self.check(signed.claims, expected, now: clock())
    let kid = signed.keyID.map { ByteString($0) }
    if try await verify(signed, url, kid: kid, isRetry: false) { return signed.claims }
    // Without a name nobody can tell a forged signature from a rotated key; the cache's cooldown bounds the asking.
    if kid == nil, try await verify(signed, url, kid: nil, isRetry: true) { return signed.claims }
    throw .signature
  }

  /// Verifies one token with keys at hand.
  ///
  /// - Parameters:
  ///   - token: The compact form.
  ///   - keys: The issuer's keys.
  ///   - expected: What the token must say.
  ///   - now: Milliseconds since 1970.
  /// - Returns: The claims, now to be believed.
  /// - Throws: `JWTError`.
  public static func verify(
    _ token: String, with keys: JSONWebKeySet, expecting expected: JWTExpectation, now: Int64
  ) throws(JWTError) -> JWTClaims {
    let signed = try parse(token, expected)
    try check(signed.claims, expected, now: now)
    let candidates = keys.candidates(for: signed)
    guard !candidates.isEmpty else { throw .unknownKey }
    guard candidates.contains(where: { SignatureCheck.passes(signed, key: $0) }) else { throw .signature }
    return signed.claims
  }

  private func verify(
    _ token: JSONWebSignature, _ url: AbsoluteURL, kid: ByteString?, isRetry: Bool
  ) async throws(JWTError) -> Bool {
    let found: [JSONWebKey]
    do {
      found = try await keys.keys(from: url, kid: kid, isRetry: isRetry)
    } catch {
      switch error {
      case .unknownKey: throw .unknownKey
      case .unavailable(let cause): throw .unavailable(cause)
      }
    }
    let fitting = found.filter { $0.allows(token.algorithm) }
    if fitting.isEmpty, kid != nil { throw .unknownKey }
    return fitting.contains { SignatureCheck.passes(token, key: $0) }
  }

  private static func parse(_ token: String, _ expected: JWTExpectation) throws(JWTError) -> JSONWebSignature {
    let signed: JSONWebSignature
    do {
      signed = try JSONWebSignature(compact: token)
    } catch {
      throw .malformed(error)
    }
    guard expected.algorithms.contains(signed.algorithm) else { throw .algorithm }
    if let types = expected.types, !types.contains(where: { signed.hasType($0) }) { throw .type }
    return signed
  }

  private static func check(_ claims: JWTClaims, _ expected: JWTExpectation, now: Int64) throws(JWTError) {
    guard let issuer = claims.issuer, ByteString(issuer) == ByteString(expected.issuer) else { throw .issuer }
    guard !expected.audience.isEmpty, claims.isMeant(for: expected.audience) else { throw .audience }
    let seconds = now / 1000
    guard let expiry = try date("exp", in: claims) else { throw .claim("exp") }
    // Dates are below the year 10000, so that adding the leeway can't overflow.
    guard seconds < expiry + expected.leewaySeconds else { throw .expired }
    for name in ["nbf", "iat"] {
      if let start = try date(name, in: claims), start > seconds + expected.leewaySeconds { throw .notYetValid }
    }
  }

  private static func date(_ name: String, in claims: JWTClaims) throws(JWTError) -> Int64? {
    do {
      return try claims.date(name)
    } catch {
      throw .claim(name)
    }
  }
}
