import MartletDomain
import StrictCoding

/// Why a delegation wasn't made or taken back.
public enum DelegationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no such user who could delegate.
  case unknownUser
  /// There is no such service account in the user's tenant.
  case unknownJob
  /// No server, too many, or one that the user's tenant doesn't have.
  case invalidServers
  /// The tools can't be what is meant.
  case invalidTools
  /// The life is too short or too long.
  case invalidLifetime
  /// The user has too many.
  case tooMany
  /// There is no such delegation.
  case unknownDelegation
  /// The store could not do it.
  case store(StoreError)

  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .unknownUser: "there is no such user who can delegate; `martlet user list` shows all"
    case .unknownJob: "there is no such service account; an administrator makes one: martlet user add NAME --service"
    case .invalidServers: "a delegation names 1 to 100 servers that the user may have"
    case .invalidTools: "tools holds 1 to 100 patterns such as get_*, of 1 to 128 characters; leave it out for all"
    case .invalidLifetime: "a delegation lives between 1 second and 365 days, for example 30d"
    case .tooMany: "100 delegations of a user stand at once; take one back"
    case .unknownDelegation: "there is no such delegation; `martlet delegation list` shows all"
    case .store(.unavailable(let reason)): "the store is not available (\(reason)); try again"
    case .store(.corrupt(let reason)): "the store can't be read (\(reason)); restore it from a backup"
    }
  }
}

/// Lets jobs act for users, and takes that back. Each change is in the trail before it takes effect.
public struct Delegations: Sendable {
  /// What is asked for.
  public struct Order: Sendable {
    /// Who lets.
    public var user: User
    /// Whom: the name of a service account.
    public var job: String
    /// The servers.
    public var servers: Set<ServerName>
    /// The tools; `nil` for all that the user may call.
    public var tools: [ToolPattern]?
    /// For how long.
    public var lifetime: Duration

    /// Describes a delegation.
    public init(user: User, job: String, servers: Set<ServerName>, tools: [ToolPattern]?, lifetime: Duration) {
      self.user = user
      self.job = job
      self.servers = servers
      self.tools = tools
      self.lifetime = lifetime
    }
  }

  /// 30 days.
  public static let defaultLifetime: Duration = .seconds(30 * 86_400)
  /// How long a delegation may live.
  public static let lifetimes = Duration.seconds(1)...Duration.seconds(365 * 86_400)
  private static let capacity = 100

  private let store: any DelegationStore & UserStore
  private let index: RevocationIndex
  private let audit: any AuditSink
  private let clock: any WallClock
  private let random: any RandomSource

  /// Works on a store.
  ///
  /// - Parameter index: What this process knows of revocations; updated at once.
  public init(
    store: any DelegationStore & UserStore, index: RevocationIndex, audit: any AuditSink, clock: any WallClock,
    random: any RandomSource
  ) {
    self.store = store
    self.index = index
    self.audit = audit
    self.clock = clock
    self.random = random
  }

  /// Lets a job act for a user.
  ///
  /// - Parameters:
  ///   - order: What is let.
  ///   - routes: The servers that the user's tenant may have.
  ///   - asker: Who asks.
  public func create(
    _ order: Order, among routes: Set<ServerName>, by asker: Asker
  ) async throws(DelegationError) -> Delegation {
    let user = order.user
    guard !user.isService, user.disabledAt == nil else { throw .unknownUser }
    guard Self.lifetimes.contains(order.lifetime) else { throw .invalidLifetime }
    guard (1...100).contains(order.servers.count), order.servers.isSubset(of: routes) else { throw .invalidServers }
    if let tools = order.tools {
      guard (1...100).contains(tools.count), tools.allSatisfy(\.isPlausible) else { throw .invalidTools }
    }
    let now = clock.now()
    do {
      guard let name = LoginName(order.job), let job = try await store.account(named: name.string), job.isService,
        job.tenant == user.tenant, job.disabledAt == nil
      else { throw DelegationError.unknownJob }
      let delegation = Delegation(
        id: DelegationID("dlg_" + Base64URL.encode(random.bytes(12))), tenant: user.tenant, user: user.id, job: job.id,
        servers: order.servers, tools: order.tools, createdAt: now, expiresAt: now + order.lifetime)
      try await note(.delegationCreated, delegation, by: asker, reason: "job:\(name.string)")
      guard try await store.createDelegation(delegation, capacity: Self.capacity) else {
        throw DelegationError.tooMany
      }
      return delegation
    } catch { throw Self.translated(error) }
  }

  /// Takes delegations back; what jobs do under them ends everywhere, open streams too.
  ///
  /// - Returns: How many ended now.
  @discardableResult
  public func revoke(
    _ delegations: [Delegation], reason: String, by asker: Asker
  ) async throws(DelegationError) -> Int {
    do {
      for one in delegations { try await note(.delegationRevoked, one, by: asker, reason: reason) }
      let rows = try await store.revokeDelegations(delegations.map(\.id), at: clock.now())
      for row in rows { index.apply(row) }
      return rows.count
    } catch { throw Self.translated(error) }
  }

  private func note(
    _ action: AuditAction, _ delegation: Delegation, by asker: Asker, reason: String
  ) async throws(StoreError) {
    try await audit.recordDurably(
      AuditEvent(
        at: clock.now(), action: action, tenant: delegation.tenant, request: asker.request,
        subject: asker.subject ?? delegation.user.string, target: delegation.id.string, reason: reason,
        address: asker.address))
  }

  private static func translated(_ error: any Error) -> DelegationError {
    switch error {
    case let error as DelegationError: error
    case let error as StoreError: .store(error)
    default: .store(.unavailable("unexpected error"))
    }
  }
}
