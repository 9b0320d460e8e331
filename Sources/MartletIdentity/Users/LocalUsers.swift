import MartletDomain
import OAuthProtocol
import StrictCoding

/// Makes and changes users whose passwords are kept here. Each change is in the trail before it takes effect.
public struct LocalUsers: Sendable {
  /// The stores that a change to a user reaches.
  public typealias Store = UserStore & LoginSessionStore & RefreshTokenStore & RevocationStore

  private let store: any Store
  private let hasher: PasswordHasher
  private let audit: any AuditSink
  private let clock: any WallClock
  private let random: any RandomSource

  /// Works on a store.
  public init(
    store: any Store, hasher: PasswordHasher, audit: any AuditSink, clock: any WallClock = SystemClock(),
    random: any RandomSource = SystemRandom()
  ) {
    self.store = store
    self.hasher = hasher
    self.audit = audit
    self.clock = clock
    self.random = random
  }

  /// Makes a user.
  ///
  /// - Parameters:
  ///   - name: The login name as typed; kept in lower case.
  ///   - password: 8 to 1024 bytes.
  ///   - tenant: The tenant.
  ///   - displayName: What pages show; the login name if `nil`.
  ///   - isAdministrator: Whether the user may administer the installation.
  /// - Returns: The user as stored.
  /// - Throws: `LocalUserError`; nothing was stored then.
  public func create(
    _ name: String, password: Secret, tenant: TenantID = .default, displayName: String? = nil,
    isAdministrator: Bool = false
  ) async throws(LocalUserError) -> User {
    guard let loginName = LoginName(name) else { throw .invalidLoginName }
    let hash = try await hashed(password)
    let shown = displayName.map { PlainText.sanitized($0, limit: 100) } ?? ""
    let user = User(
      id: UserID("usr_" + Base64URL.encode(random.bytes(16))), tenant: tenant,
      origin: .local(loginName: loginName.string), displayName: shown.isEmpty ? loginName.string : shown,
      isAdministrator: isAdministrator, createdAt: clock.now())
    do {
      guard try await store.localUser(loginName: loginName.string) == nil else { throw LocalUserError.nameTaken }
      try await record(.userCreated, user, isAdministrator ? "administrator" : "user")
      guard try await store.createLocalUser(user, passwordHash: hash) else { throw LocalUserError.nameTaken }
    } catch {
      throw Self.translated(error)
    }
    return user
  }

  /// Makes a service account: it owns keys, and nobody can log in to it.
  ///
  /// - Parameters:
  ///   - name: As a login name, kept in lower case.
  ///   - tenant: The tenant.
  public func createService(_ name: String, tenant: TenantID = .default) async throws(LocalUserError) -> User {
    guard let accountName = LoginName(name) else { throw .invalidLoginName }
    let user = User(
      id: UserID("usr_" + Base64URL.encode(random.bytes(16))), tenant: tenant,
      origin: .service(name: accountName.string), displayName: accountName.string, createdAt: clock.now())
    do {
      guard try await store.account(named: accountName.string) == nil else { throw LocalUserError.nameTaken }
      try await record(.userCreated, user, "service_account")
      guard try await store.createServiceUser(user) else { throw LocalUserError.nameTaken }
    } catch {
      throw Self.translated(error)
    }
    return user
  }

  /// Every local user, ordered by login name.
  public func list() async throws(LocalUserError) -> [User] {
    do {
      return try await store.users().filter { $0.loginName != nil }
        .sorted { ByteString($0.loginName ?? "") < ByteString($1.loginName ?? "") }
    } catch {
      throw Self.translated(error)
    }
  }

  /// Takes a user's access away at once: logins, sessions, refresh tokens and access tokens (V-053).
  ///
  /// - Parameter name: The login name as typed, or the id of a user who comes from a provider.
  /// - Throws: `LocalUserError`; calling again finishes what was left undone.
  public func disable(_ name: String) async throws(LocalUserError) {
    let user = try await anybody(name)
    let now = clock.now()
    let target = RevocationTarget.user(user.tenant, user.id)
    do {
      try await record(.userChanged, user, "disabled")
      guard try await store.setUserDisabled(user.id, at: now) else { throw LocalUserError.unknownUser }
      try await store.endLoginSessions(tenant: user.tenant, user: user.id)
      _ = try await store.revokeFamilies(target, at: now)
      // As of now, not of the beginning: a key that was looked up in between is covered, too.
      let end = clock.now()
      let revocation = Revocation(target: target, issuedUntil: end, expiresAt: end + Revocation.coverage)
      try await store.appendRevocations([revocation])
    } catch {
      throw Self.translated(error)
    }
  }

  /// Lets a user log in again.
  ///
  /// - Parameter name: The login name as typed, or the id of a user who comes from a provider.
  public func enable(_ name: String) async throws(LocalUserError) {
    let user = try await anybody(name)
    do {
      try await record(.userChanged, user, "enabled")
      guard try await store.setUserDisabled(user.id, at: nil) else { throw LocalUserError.unknownUser }
    } catch {
      throw Self.translated(error)
    }
  }

  /// Replaces a user's password and ends the sessions that the old one began.
  public func setPassword(_ name: String, to password: Secret) async throws(LocalUserError) {
    let user = try await existing(name)
    let hash = try await hashed(password)
    do {
      try await record(.userChanged, user, "password_set")
      guard try await store.setPasswordHash(user.id, hash) else { throw LocalUserError.unknownUser }
      try await store.endLoginSessions(tenant: user.tenant, user: user.id)
    } catch {
      throw Self.translated(error)
    }
  }

  private func anybody(_ name: String) async throws(LocalUserError) -> User {
    do throws(StoreError) {
      if let user = try await store.user(UserID(name)) { return user }
    } catch {
      throw Self.translated(error)
    }
    guard let accountName = LoginName(name) else { throw .invalidLoginName }
    do throws(StoreError) {
      if let user = try await store.account(named: accountName.string) { return user }
    } catch {
      throw Self.translated(error)
    }
    throw .unknownUser
  }

  private func existing(_ name: String) async throws(LocalUserError) -> User {
    guard let loginName = LoginName(name) else { throw .invalidLoginName }
    do {
      guard let found = try await store.localUser(loginName: loginName.string) else { throw LocalUserError.unknownUser }
      return found.user
    } catch {
      throw Self.translated(error)
    }
  }

  private func hashed(_ password: Secret) async throws(LocalUserError) -> String {
    guard PasswordHasher.acceptedLengths.contains(password.expose().count) else { throw .invalidPassword }
    do {
      return try await hasher.hash(password)
    } catch {
      throw .busy
    }
  }

  private func record(_ action: AuditAction, _ user: User, _ reason: String) async throws(StoreError) {
    try await audit.recordDurably(
      AuditEvent(
        at: clock.now(), action: action, tenant: user.tenant, subject: user.id.string, target: user.trailName,
        reason: reason))
  }

  private static func translated(_ error: any Error) -> LocalUserError {
    switch error {
    case let error as LocalUserError: error
    case let error as StoreError: .store(error)
    default: .store(.unavailable("unexpected error"))
    }
  }
}
