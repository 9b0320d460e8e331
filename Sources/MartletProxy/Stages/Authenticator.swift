import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding

/// Why a bearer token was not accepted, as a stable code for the trail.
public struct BearerRejection: Error, Sendable, Hashable {
  /// For example `expired` or `wrong_audience`.
  public let code: String

  /// Describes a rejection.
  public init(code: String) { self.code = code }
}

/// Proves bearer tokens. The one implementation verifies our own access tokens.
public protocol BearerVerifier: Sendable {
  /// Verifies a token for one route; pure computation, no store.
  ///
  /// - Parameters:
  ///   - token: The token as sent.
  ///   - route: The route that it must have been issued for.
  ///   - now: The time.
  /// - Throws: `BearerRejection`.
  func verify(_ token: ByteString, for route: RouteID, at now: Timestamp) throws(BearerRejection) -> Principal
}

/// Head → principal. Runs before a byte of the body is looked at. Immutable; a class, since a struct of so many parts would
/// be copied for every call.
final class Authenticator: Sendable {
  /// The reason of a credential that was taken away.
  static let revoked = "revoked"

  let verifier: any BearerVerifier
  /// Proves API keys; without it there are none.
  let keys: (any KeyVerifier)?
  let cache: TokenCache
  let revocations: RevocationIndex
  let clock: any WallClock
  let use = KeyUse()

  init(
    verifier: any BearerVerifier, keys: (any KeyVerifier)? = nil, cache: TokenCache, revocations: RevocationIndex,
    clock: any WallClock
  ) {
    self.verifier = verifier
    self.keys = keys
    self.cache = cache
    self.revocations = revocations
    self.clock = clock
  }

  /// Reads what a request proves its caller with; nothing is proven by that.
  func credential(of routed: RoutedRequest) throws(Rejection) -> PresentedCredential {
    if Self.queryCarriesToken(routed.incoming.query) { throw .malformedCredential }
    return try PresentedCredential(routed.incoming.headers)
  }

  /// Looks a key up that isn't known here; done, the request can be authenticated.
  ///
  /// - Returns: `nil` where nothing has to be looked up; else why the key isn't accepted, or `nil` for accepted.
  func lookUp(
    _ credential: PresentedCredential, of routed: RoutedRequest, on eventLoop: any EventLoop
  ) -> EventLoopFuture<Rejection?>? {
    guard case .key(let bytes) = credential, let keys, KeyText(bytes)?.kind == .apiKey else { return nil }
    let route = routed.route.resource.id
    let key = TokenCache.Key(token: bytes, route: route)
    let now = clock.now()
    // A key that seems revoked may only have an owner who was logged out: the store knows.
    if let known = cache.entry(key, at: now),
      known.generation == revocations.generation || !revocations.isRevoked(known.principal)
    {
      return nil
    }
    let generation = revocations.generation
    let (cache, address, text) = (self.cache, routed.incoming.address, ByteString(Array(bytes)))
    return eventLoop.makeFutureWithTask {
      do throws(KeyRejection) {
        let principal = try await keys.verify(text, for: route, from: address)
        cache.remember(
          TokenCache.Entry(
            principal: principal, generation: generation &- 1, recheckAt: now + APIKey.recheck), for: key)
        return nil
      } catch { return Rejection(error) }
    }
  }

  /// Proves the caller.
  ///
  /// - Returns: The request with its principal, and whether the token was seen for the first time.
  func authenticate(
    _ routed: RoutedRequest, with credential: PresentedCredential
  ) throws(Rejection) -> (request: AuthenticatedRequest, isFirst: Bool) {
    let now = clock.now()
    let route = routed.route.resource.id
    let key = TokenCache.Key(token: credential.bytes, route: route)
    let cached = cache.entry(key, at: now)
    let entry = if let cached { cached } else { try verified(credential, for: route, at: now) }
    // Read before the look-up: a change in between is seen by the next request.
    let generation = revocations.generation
    if cached?.generation != generation {
      if revocations.isRevoked(entry.principal) { throw .invalidToken(reason: Self.revoked) }
      cache.remember(
        TokenCache.Entry(principal: entry.principal, generation: generation, recheckAt: entry.recheckAt), for: key)
    }
    if let ranges = entry.addresses, !ranges.contain(routed.incoming.address) {
      throw .invalidToken(reason: "key_address")
    }
    guard routed.route.resource.admits(entry.principal.tenant) else {
      throw .invalidToken(reason: "tenant_not_admitted")
    }
    if let id = entry.principal.key?.id { use.note(id, at: now) }
    return (AuthenticatedRequest(routed: routed, principal: entry.principal), cached == nil)
  }

  private func verified(
    _ credential: PresentedCredential, for route: RouteID, at now: Timestamp
  ) throws(Rejection) -> TokenCache.Entry {
    switch credential {
    case .accessToken(let token):
      guard AuthorizationHeader.isBearerToken(token) else { throw .malformedCredential }
      do throws(BearerRejection) {
        let principal = try verifier.verify(ByteString(Array(token)), for: route, at: now)
        return TokenCache.Entry(principal: principal, generation: 0)
      } catch { throw .invalidToken(reason: error.code) }
    case .key(let bytes):
      guard keys != nil, KeyText(bytes)?.kind == .apiKey else { throw .invalidToken(reason: "malformed_key") }
      // It was looked up a moment ago; a flood of others has pushed it out.
      throw .temporarilyUnavailable(reason: "keys_forgotten")
    }
  }

  /// RFC 6750 §2.3 is not for us: a token in the query ends in logs.
  private static func queryCarriesToken(_ query: String) -> Bool {
    !query.isEmpty
      && query.utf8.split(separator: UInt8(ascii: "&")).contains { pair in
        pair.prefix { $0 != UInt8(ascii: "=") }.elementsEqual("access_token".utf8)
      }
  }
}

extension Rejection {
  fileprivate init(_ rejection: KeyRejection) {
    switch rejection {
    case .invalid(let reason): self = .invalidToken(reason: reason)
    case .tooManyGuesses(let seconds): self = .tooManyGuesses(seconds: seconds)
    case .unavailable: self = .temporarilyUnavailable(reason: "key_store")
    }
  }
}
