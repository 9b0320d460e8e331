import MartletDomain
import OAuthClient
import StrictCoding

/// Why a bearer of the admin API wasn't made, taken away or accepted.
public enum AdminTokenError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The life is too short or too long.
  case invalidLifetime
  /// The time that it may lie unused is too short or too long.
  case invalidIdleLimit
  /// A tenant's administrator needs a tenant, an administrator of the installation has none.
  case invalidTenant
  /// It isn't good here; the reason is a stable code for the trail.
  case notAccepted(reason: String)
  /// Too many wrong ones came from that network.
  case tooManyGuesses(seconds: Int64)
  /// There is no such token that is still good.
  case unknown
  /// The store could not do it.
  case store(StoreError)

  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .invalidLifetime: "a bearer of the admin API lives between 1 second and 30 days; for example 8h"
    case .invalidIdleLimit: "a bearer of the admin API may lie unused between 1 second and 30 days; for example 30m"
    case .invalidTenant: "the role tenant-admin needs --tenant, the role admin has none"
    case .notAccepted: "this bearer is not accepted; make one with `martlet admin token`"
    case .tooManyGuesses(let seconds): "too many wrong bearers came from this network; wait \(seconds) s"
    case .unknown: "there is no such bearer that is still good; `martlet admin list` shows all"
    case .store(.unavailable(let reason)): "the store is not available (\(reason)); try again"
    case .store(.corrupt(let reason)): "the store can't be read (\(reason)); restore it from a backup"
    }
  }
}

/// The bearers of the admin API. Only the command line makes one, and each request looks it up anew.
public struct AdminTokens: Sendable {
  private static let idleLimits = Duration.seconds(1)...Duration.seconds(30 * 86_400)
  private static let lifetimes = Duration.seconds(1)...Duration.seconds(30 * 86_400)

  private let store: any AdminTokenStore
  private let guesses: KeyGuesses
  private let audit: any AuditSink
  private let clock: any WallClock
  private let random: any RandomSource

  /// Works on a store.
  public init(store: any AdminTokenStore, audit: any AuditSink, clock: any WallClock, random: any RandomSource) {
    self.store = store
    self.audit = audit
    self.clock = clock
    self.random = random
    guesses = KeyGuesses(clock: clock)
  }

  /// Makes a bearer.
  ///
  /// - Parameters:
  ///   - role: What it may do.
  ///   - tenant: The only tenant that it sees; `nil` for all.
  ///   - lifetime: How long it lives.
  ///   - idleLimit: How long it may lie unused; `nil` for as long as it lives.
  /// - Returns: The record, and the bearer to be shown this once.
  public func issue(
    _ role: AdminRole, tenant: TenantID?, lifetime: Duration, idleLimit: Duration?
  ) async throws(AdminTokenError) -> (record: AdminToken, bearer: Secret) {
    guard Self.lifetimes.contains(lifetime) else { throw .invalidLifetime }
    if let idleLimit, !Self.idleLimits.contains(idleLimit) { throw .invalidIdleLimit }
    guard role == .auditor || (role == .tenantAdmin) == (tenant != nil) else { throw .invalidTenant }
    let now = clock.now()
    let (bearer, text) = KeyText.mint(.adminToken, random)
    let record = AdminToken(
      id: AdminTokenID(text.id), role: role, tenant: tenant, digest: text.digest, lastFour: text.lastFour,
      createdAt: now, expiresAt: now + lifetime, idleLimit: idleLimit)
    do throws(StoreError) {
      try await note(.adminTokenIssued, record)
      try await store.createAdminToken(record)
    } catch { throw .store(error) }
    return (record, bearer)
  }

  /// Proves a bearer.
  ///
  /// - Parameters:
  ///   - presented: As sent.
  ///   - address: Where it came from.
  public func verify(_ presented: ByteString, from address: String) async throws(AdminTokenError) -> AdminToken {
    guard let text = KeyText(presented.bytes), text.kind == .adminToken else {
      throw .notAccepted(reason: "malformed_bearer")
    }
    let found: AdminToken?
    do throws(KeyGuesses.Obstacle) {
      found = try await guesses.find(text, from: address, digest: \.digest) { () async throws(StoreError) in
        try await store.adminToken(AdminTokenID(text.id))
      }
    } catch {
      switch error {
      case .wait(let seconds): throw .tooManyGuesses(seconds: seconds)
      case .store(let error): throw .store(error)
      }
    }
    guard let found else { throw .notAccepted(reason: "unknown_bearer") }
    let now = clock.now()
    guard found.isLive(at: now) else {
      if found.revokedAt != nil { throw .notAccepted(reason: "bearer_revoked") }
      throw .notAccepted(reason: found.expiresAt > now ? "bearer_idle" : "bearer_expired")
    }
    do { try await noteUse(of: found, at: now) } catch { throw .store(error) }
    return found
  }

  /// One write for many requests: a tenth of the idle limit is how exact it has to be.
  private func noteUse(of token: AdminToken, at now: Timestamp) async throws(StoreError) {
    guard let idleLimit = token.idleLimit, now - (token.lastUsedAt ?? token.createdAt) >= idleLimit / 10 else { return }
    try await store.noteAdminTokenUse(token.id, at: now)
  }

  /// Takes a bearer away; the next request with it is refused, in every process.
  ///
  /// - Parameter asker: Who asks; `nil` for the command line.
  public func revoke(_ id: AdminTokenID, by asker: String? = nil) async throws(AdminTokenError) {
    do {
      guard let known = try await store.adminToken(id), known.isLive(at: clock.now()) else {
        throw AdminTokenError.unknown
      }
      try await note(.adminTokenRevoked, known, by: asker)
      _ = try await store.revokeAdminToken(id, at: clock.now())
    } catch let error as AdminTokenError { throw error } catch let error as StoreError { throw .store(error) } catch {
      throw .store(.unavailable("unexpected error"))
    }
  }

  private func note(_ action: AuditAction, _ token: AdminToken, by asker: String? = nil) async throws(StoreError) {
    try await audit.recordDurably(
      AuditEvent(
        at: clock.now(), action: action, tenant: token.tenant ?? .default, subject: asker,
        target: "\(token.role.rawValue):\(token.id)", reason: asker == nil ? "by_command" : nil))
  }
}
