import MartletDomain
import OAuthProtocol
import StrictCoding

/// Why a bearer token was not accepted, as a stable code for the trail.
public struct BearerRejection: Error, Sendable, Hashable {
  /// For example `expired` or `wrong_audience`.
  public let code: String

  /// Describes a rejection.
  public init(code: String) { self.code = code }
}

/// Proves bearer tokens. The one implementation verifies our own access tokens; API keys come beside it.
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

/// Head → principal. Runs before a byte of the body is looked at.
struct Authenticator: Sendable {
  let verifier: any BearerVerifier
  let cache: TokenCache
  let revocations: RevocationIndex
  let clock: any WallClock

  /// Proves the caller.
  ///
  /// - Returns: The request with its principal, and whether the token was seen for the first time.
  func authenticate(_ routed: RoutedRequest) throws(Rejection) -> (request: AuthenticatedRequest, isFirst: Bool) {
    if Self.queryCarriesToken(routed.incoming.query) { throw .malformedCredential }
    let token = try Self.token(routed.incoming.headers)
    let now = clock.now()
    let route = routed.route.resource.id
    let key = TokenCache.Key(token: token, route: route)
    let cached = cache.entry(key, at: now)
    let principal: Principal
    if let cached {
      principal = cached.principal
    } else {
      do { principal = try verifier.verify(token, for: route, at: now) } catch {
        throw .invalidToken(reason: error.code)
      }
    }
    // Read before the look-up: a change in between is seen by the next request.
    let generation = revocations.generation
    if cached?.generation != generation {
      if revocations.isRevoked(principal) { throw .invalidToken(reason: "revoked") }
      cache.remember(principal, generation: generation, for: key)
    }
    guard routed.route.resource.admits(principal.tenant) else { throw .invalidToken(reason: "tenant_not_admitted") }
    return (AuthenticatedRequest(routed: routed, principal: principal), cached == nil)
  }

  private static func token(_ headers: HeaderFields) throws(Rejection) -> ByteString {
    guard let value = headers.bytes(of: .authorization) else { throw .unauthenticated }
    guard headers.count(.authorization) == 1, case .bearer(let token)? = try? AuthorizationHeader.parse(value) else {
      throw .malformedCredential
    }
    return token
  }

  /// RFC 6750 §2.3 is not for us: a token in the query ends in logs.
  private static func queryCarriesToken(_ query: String) -> Bool {
    !query.isEmpty
      && query.utf8.split(separator: UInt8(ascii: "&")).contains { pair in
        pair.prefix { $0 != UInt8(ascii: "=") }.elementsEqual("access_token".utf8)
      }
  }
}
