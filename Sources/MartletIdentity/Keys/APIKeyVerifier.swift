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
    let askedAt = clock.now()
    let known: KnownAPIKey?
    do throws(KeyGuesses.Obstacle) {
      known = try await guesses.find(text, from: address, digest: \.key.digest) { () async throws(StoreError) in
        try await store.apiKey(APIKeyID(text.id))
      }
    } catch {
      switch error {
      case .wait(let seconds): throw .tooManyGuesses(seconds: seconds)
      case .store: throw .unavailable
      }
    }
    guard let known else { throw .invalid(reason: "unknown_key") }
    if let reason = Self.obstacle(known, route, at: askedAt) { throw .invalid(reason: reason) }
    return principal(known, route, askedAt)
  }

  private static func obstacle(_ known: KnownAPIKey, _ route: RouteID, at now: Timestamp) -> String? {
    let key = known.key
    if key.revokedAt != nil { return "key_revoked" }
    if key.expiresAt <= now { return "key_expired" }
    if known.tenant != .active { return "tenant_\(known.tenant.rawValue)" }
    if key.owner != nil {
      guard let owner = known.owner else { return "key_owner_gone" }
      if owner.disabledAt != nil { return "key_owner_disabled" }
      if owner.tenant != key.tenant { return "key_owner_moved" }
    }
    if key.delegation != nil, let reason = delegationObstacle(known, route, at: now) { return reason }
    return key.scope.admits(server: route.server) ? nil : "key_not_for_server"
  }

  /// A key for a delegation never acts for anybody else: without the delegation it opens nothing.
  private static func delegationObstacle(_ known: KnownAPIKey, _ route: RouteID, at now: Timestamp) -> String? {
    let key = known.key
    guard let delegation = known.delegation, delegation.id == key.delegation else { return "delegation_gone" }
    guard delegation.isLive(at: now) else { return "delegation_ended" }
    guard delegation.job == key.owner, delegation.tenant == key.tenant else { return "delegation_not_the_job_s" }
    guard let user = known.delegator, user.id == delegation.user else { return "delegator_gone" }
    if user.disabledAt != nil { return "delegator_disabled" }
    if user.tenant != delegation.tenant { return "delegator_moved" }
    return delegation.servers.contains(route.server) ? nil : "delegation_not_for_server"
  }

  private func principal(_ known: KnownAPIKey, _ route: RouteID, _ askedAt: Timestamp) -> Principal {
    let key = known.key
    var (subject, end, own): (ByteString, Timestamp, PrincipalKey) = (key.subject, key.expiresAt, PrincipalKey(key))
    if let delegation = known.delegation, let job = known.owner, let user = known.delegator {
      subject = user.id.value
      end = min(end, delegation.expiresAt)
      own = PrincipalKey(key, under: delegation, job: job, user: user)
    }
    return Principal(
      tenant: key.tenant, issuer: issuer(), subject: subject, client: key.client, route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: known.delegation?.grant, flow: nil,
      credentialID: key.id.credentialID, issuedAt: askedAt, expiresAt: end, key: own)
  }
}
