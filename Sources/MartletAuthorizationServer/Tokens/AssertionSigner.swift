import MartletDomain
import OAuthProtocol
import StrictCoding
import Synchronization

/// Tells an upstream who is calling, by a short-lived signed assertion in place of the client's token (invariant 1).
///
/// The assertion has a type and a key of its own, so it can't be presented to us as an access token.
public final class AssertionSigner: Sendable {
  /// The header's `typ`.
  public static let type = "martlet-assertion+jwt"

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let keys: SigningKeys
  private let random: any RandomSource
  private let lifetime: @Sendable () -> Duration
  private let cache: Mutex<AssertionCache>

  /// Makes a signer.
  ///
  /// - Parameters:
  ///   - settings: The configuration of this instant, for the issuer.
  ///   - keys: Our keys.
  ///   - random: Where `jti` comes from.
  ///   - lifetime: How long an assertion is good for; each is sent again for half of that.
  ///   - capacity: How many are remembered.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, keys: SigningKeys, random: any RandomSource,
    lifetime: @escaping @Sendable () -> Duration = { .seconds(60) }, capacity: Int = 10_000
  ) {
    self.settings = settings
    self.keys = keys
    self.random = random
    self.lifetime = lifetime
    cache = Mutex(AssertionCache(capacity: capacity))
  }

  /// The assertion for a call.
  ///
  /// - Parameters:
  ///   - principal: Who calls.
  ///   - upstream: The upstream server's URL, which becomes the audience.
  ///   - now: The time.
  /// - Returns: A JWT with `iss`, `aud`, `sub`, `tenant`, `client_id`, `iat`, `exp`, `jti`.
  /// - Throws: `SigningKeyError` when there is no key to sign with.
  public func assertion(for principal: Principal, upstream: String, at now: Timestamp) throws(SigningKeyError) -> String
  {
    if let recent = cache.withLock({ $0.assertion(for: principal, upstream: upstream, at: now) }) { return recent }
    let key = AssertionCacheKey(
      tenant: principal.tenant, binding: principal.binding, upstream: ByteString(upstream))
    let known = cache.withLock { cache in
      cache.note(key, for: principal, upstream: upstream)
      return cache.assertion(key, at: now)
    }
    if let known { return known }
    let lifetime = lifetime()
    let assertion = try sign(principal, upstream: upstream, lifetime: lifetime, at: now)
    cache.withLock { $0.insert(assertion, for: key, freshUntil: now + lifetime / 2, at: now) }
    return assertion
  }

  private func sign(
    _ principal: Principal, upstream: String, lifetime: Duration, at now: Timestamp
  ) throws(SigningKeyError) -> String {
    let key = try keys.signer(for: .assertion, at: now)
    let claims: JSONObject = [
      "iss": .string(settings().issuer), "aud": .string(upstream), "sub": .string(principal.subject.string),
      "tenant": .string(principal.tenant.string), "client_id": .string(principal.client.string),
      "iat": .integer(now.seconds), "exp": .integer((now + lifetime).seconds),
      "jti": .string(Base64URL.encode(random.bytes(16))),
    ]
    do {
      return try JWTSigner(key: key.privateKey, keyID: key.record.id, type: Self.type).sign(claims)
    } catch {
      throw .signing("\(error)")
    }
  }
}
