@_spi(Verification) import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Why a key wasn't accepted.
public enum APIKeyRejection: Error, Sendable, Hashable {
  /// It isn't good here; the reason is a stable code for the trail.
  case invalid(reason: String)
  /// Too many wrong keys came from that network: how many seconds to wait.
  case tooManyGuesses(seconds: Int64)
  /// The store can't be asked at present.
  case unavailable
}

/// Turns an API key into a principal, or says why not. It looks into the store: who calls remembers the answer.
public struct APIKeyVerifier: Sendable {
  private let store: any APIKeyStore
  private let guesses: KeyGuesses
  private let issuer: @Sendable () -> ByteString
  private let clock: any WallClock

  /// Makes a verifier.
  ///
  /// - Parameter issuer: Who vouches for the subject: our own issuer.
  public init(store: any APIKeyStore, issuer: @escaping @Sendable () -> ByteString, clock: any WallClock) {
    self.store = store
    self.issuer = issuer
    self.clock = clock
    guesses = KeyGuesses(clock: clock)
  }

  /// Verifies a key for a route.
  ///
  /// - Parameters:
  ///   - presented: The key.
  ///   - route: The route that the request is for.
  ///   - address: Where the request came from.
  /// - Returns: The principal, as of the moment before the store was asked: a revocation that was written meanwhile
  ///   covers it.
  public func verify(
    _ presented: ByteString, for route: RouteID, from address: String
  ) async throws(APIKeyRejection) -> Principal {
    guard let text = KeyText(presented.bytes), text.kind == .apiKey else { throw .invalid(reason: "malformed_key") }
    let network = SourceNetwork(address: address)
    if let seconds = guesses.begin(network) { throw .tooManyGuesses(seconds: seconds) }
    let askedAt = clock.now()
    let known: KnownAPIKey?
    do {
      known = try await store.apiKey(APIKeyID(text.id))
    } catch {
      guesses.end(network, failed: false)
      throw .unavailable
    }
    guard let known, known.key.digest.matches(text.digest) else {
      guesses.end(network, failed: true)
      throw .invalid(reason: "unknown_key")
    }
    // Whoever has the secret isn't guessing, even where it has ended.
    guesses.end(network, failed: false)
    if let reason = Self.obstacle(known, route, at: askedAt) { throw .invalid(reason: reason) }
    return principal(known.key, route, askedAt)
  }

  private static func obstacle(_ known: KnownAPIKey, _ route: RouteID, at now: Timestamp) -> String? {
    let key = known.key
    if key.revokedAt != nil { return "key_revoked" }
    if key.expiresAt <= now { return "key_expired" }
    if key.owner != nil {
      guard let owner = known.owner else { return "key_owner_gone" }
      if owner.disabledAt != nil { return "key_owner_disabled" }
      if owner.tenant != key.tenant { return "key_owner_moved" }
    }
    return key.scope.admits(server: route.server) ? nil : "key_not_for_server"
  }

  private func principal(_ key: APIKey, _ route: RouteID, _ askedAt: Timestamp) -> Principal {
    Principal(
      tenant: key.tenant, issuer: issuer(), subject: key.subject, client: key.client, route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: nil, flow: nil, credentialID: key.id.credentialID, issuedAt: askedAt,
      expiresAt: key.expiresAt, key: PrincipalKey(key))
  }
}
