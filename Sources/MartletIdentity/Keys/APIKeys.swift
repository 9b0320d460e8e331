import MartletDomain
import OAuthClient
import StrictCoding

/// Makes, rotates and ends API keys. Each change is in the trail before it takes effect, and ends in every
/// process by the revocation table.
public struct APIKeys: Sendable {
  /// What is asked for.
  public struct Order: Sendable {
    /// What the owner calls it.
    public var name: String
    /// The tenant.
    public var tenant: TenantID
    /// Whose; `nil` for a key that acts for itself.
    public var owner: UserID?
    /// What it is good for.
    public var scope: KeyScope
    /// How long it lives.
    public var lifetime: Duration
    /// The delegation under which it acts; its owner is the job then.
    public var delegation: DelegationID?

    /// Describes a key.
    public init(
      name: String, tenant: TenantID, owner: UserID?, scope: KeyScope = KeyScope(),
      lifetime: Duration = defaultLifetime,
      delegation: DelegationID? = nil
    ) {
      self.name = name
      self.tenant = tenant
      self.owner = owner
      self.scope = scope
      self.lifetime = lifetime
      self.delegation = delegation
    }
  }

  /// 90 days.
  public static let defaultLifetime: Duration = .seconds(90 * 86_400)
  /// How long both keys work where nothing else is said.
  public static let defaultGrace: Duration = .seconds(86_400)
  /// How long a key may live.
  public static let lifetimes = Duration.seconds(1)...Duration.seconds(365 * 86_400)
  /// How long both may work.
  public static let graces = Duration.zero...Duration.seconds(30 * 86_400)

  private let store: any APIKeyStore & UserStore & DelegationStore & TenantStore
  private let index: RevocationIndex
  private let audit: any AuditSink
  private let clock: any WallClock
  private let random: any RandomSource

  /// Works on a store.
  ///
  /// - Parameter index: What this process knows of revocations; updated at once.
  public init(
    store: any APIKeyStore & UserStore & DelegationStore & TenantStore, index: RevocationIndex, audit: any AuditSink,
    clock: any WallClock,
    random: any RandomSource
  ) {
    self.store = store
    self.index = index
    self.audit = audit
    self.clock = clock
    self.random = random
  }

  /// Makes a key.
  ///
  /// - Returns: The record, and the key to be shown this once.
  public func create(_ order: Order, by asker: Asker) async throws(APIKeyError) -> (record: APIKey, key: Secret) {
    guard KeyName.isValid(order.name) else { throw .invalidName }
    guard Self.lifetimes.contains(order.lifetime) else { throw .invalidLifetime }
    try Self.check(order.scope)
    let now = clock.now()
    let (key, text) = KeyText.mint(.apiKey, random)
    var record = APIKey(
      id: APIKeyID(text.id), series: KeySeriesID(text.id), tenant: order.tenant, owner: order.owner, name: order.name,
      digest: text.digest, lastFour: text.lastFour, scope: order.scope, createdAt: now,
      expiresAt: now + order.lifetime, delegation: order.delegation)
    do {
      guard try await store.tenantState(order.tenant) == .active else { throw APIKeyError.closedTenant }
      if let owner = order.owner {
        guard let user = try await store.user(owner), user.disabledAt == nil, user.tenant == order.tenant else {
          throw APIKeyError.unknownOwner
        }
      }
      if let id = order.delegation {
        guard let delegation = try await store.delegation(id), delegation.isLive(at: now),
          delegation.job == order.owner, delegation.tenant == order.tenant
        else { throw APIKeyError.unknownDelegation }
        record.expiresAt = min(record.expiresAt, delegation.expiresAt)
      }
    } catch { throw Self.translated(error) }
    return try await stored(record, key, by: asker)
  }

  private func stored(
    _ record: APIKey, _ key: Secret, by asker: Asker
  ) async throws(APIKeyError) -> (record: APIKey, key: Secret) {
    do {
      let taken = APIKeyFilter(tenant: record.tenant, name: record.name, liveAt: record.createdAt)
      let isTaken = try await store.apiKeys(taken).contains { $0.owner == record.owner }
      if isTaken { throw APIKeyError.nameTaken }
      try await note(.keyCreated, record, by: asker)
      guard try await store.createAPIKey(record) else { throw APIKeyError.nameTaken }
    } catch { throw Self.translated(error) }
    return (record, key)
  }

  /// Gives a key a successor of the same name and scope, whose life is as long as its predecessor's was.
  ///
  /// - Parameters:
  ///   - key: The newest key of its series.
  ///   - grace: How long the predecessor goes on.
  public func rotate(
    _ key: APIKey, grace: Duration, lifetime: Duration? = nil, by asker: Asker
  ) async throws(APIKeyError) -> (record: APIKey, key: Secret) {
    guard Self.graces.contains(grace) else { throw .invalidGrace }
    let life = lifetime ?? (key.expiresAt - key.createdAt)
    guard Self.lifetimes.contains(life) else { throw .invalidLifetime }
    let now = clock.now()
    let (secret, text) = KeyText.mint(.apiKey, random)
    var successor = key
    successor.id = APIKeyID(text.id)
    successor.digest = text.digest
    successor.lastFour = text.lastFour
    successor.createdAt = now
    successor.expiresAt = now + life
    successor.lastUsedAt = nil
    do {
      try await note(.keyRotated, successor, by: asker)
      // Not after its successor: a name always leads to the key that ends last.
      let graceEnd = min(now + grace, successor.expiresAt)
      switch try await store.rotateAPIKey(key.id, to: successor, graceEnd: graceEnd) {
      case .gone: throw APIKeyError.changed
      case .rotated(let rows): follow(rows)
      }
    } catch { throw Self.translated(error) }
    return (successor, secret)
  }

  /// Ends keys with all their predecessors.
  ///
  /// - Returns: How many keys ended now.
  @discardableResult
  public func revoke(_ keys: [APIKey], reason: String, by asker: Asker) async throws(APIKeyError) -> Int {
    do {
      var series: [KeySeriesID] = []
      for key in keys where !series.contains(key.series) {
        try await note(.keyRevoked, key, by: asker, reason: reason)
        series.append(key.series)
      }
      let rows = try await store.revokeAPIKeys(series, at: clock.now())
      follow(rows)
      return rows.count
    } catch { throw Self.translated(error) }
  }

  /// The newest key of a name.
  ///
  /// - Parameters:
  ///   - name: Its name.
  ///   - tenant: Within which tenant; `nil` for all.
  ///   - owner: Of which owner; `nil` for whoever has the only one.
  public func newest(named name: String, tenant: TenantID?, owner: UserID?) async throws(APIKeyError) -> APIKey {
    let found: [APIKey]
    do {
      found = try await store.apiKeys(
        APIKeyFilter(tenant: tenant, owner: owner, name: name, liveAt: clock.now())
      ).filter { $0.rotatedAt == nil }
    } catch { throw Self.translated(error) }
    guard let first = found.first else { throw .unknownKey }
    guard found.count == 1 else { throw .ambiguous }
    return first
  }

  private func follow(_ rows: [Revocation]) {
    for row in rows { index.apply(row) }
  }

  private func note(_ action: AuditAction, _ key: APIKey, by asker: Asker, reason: String? = nil)
    async throws(StoreError)
  {
    try await audit.recordDurably(
      AuditEvent(
        at: clock.now(), action: action, tenant: key.tenant, request: asker.request,
        subject: asker.subject ?? key.owner?.string, client: key.client, target: key.id.string,
        reason: reason ?? (asker.subject == nil ? "by_command" : nil), address: asker.address, key: key.name))
  }

  private static func translated(_ error: any Error) -> APIKeyError {
    switch error {
    case let error as APIKeyError: error
    case let error as StoreError: .store(error)
    default: .store(.unavailable("unexpected error"))
    }
  }

  private static func check(_ scope: KeyScope) throws(APIKeyError) {
    if let servers = scope.servers, servers.isEmpty || servers.count > 100 {
      throw .invalidScope("servers names 1 to 100 servers; leave it out for all")
    }
    if let tools = scope.tools, tools.isEmpty || tools.count > 100 || !tools.allSatisfy(\.isPlausible) {
      throw .invalidScope("tools holds 1 to 100 patterns such as get_*, of 1 to 128 characters; leave it out for all")
    }
    guard let addresses = scope.addresses else { return }
    guard (1...100).contains(addresses.count) else {
      throw .invalidScope("addresses holds 1 to 100 ranges; leave it out for any address")
    }
    for range in addresses where CIDR(range) == nil {
      throw .invalidScope("\(PlainText.sanitized(range, limit: 60)) is no address range; for example 192.0.2.0/24")
    }
  }
}
