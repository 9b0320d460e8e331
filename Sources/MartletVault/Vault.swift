import MartletDomain
import OAuthProtocol
import StrictCoding
import Synchronization

/// Every upstream credential: read, kept alive, handed out.
///
/// What was read is remembered until it ends or another process says that it changed, so that a call usually finds its
/// credential at once, on whatever thread it is.
public final class Vault: Sendable {
  /// What a vault works with.
  public struct Dependencies: Sendable {
    /// Where connections and keys are kept.
    public var store: any ConnectionStore
    /// Opens and closes credentials.
    public var seal: CredentialSeal
    /// Redeems refresh tokens.
    public var exchange: any RefreshExchange
    /// Keeps what the store can't take.
    public var journal: any SpillJournal
    /// How much an authorization server is asked.
    public var limits: IssuerLimits
    /// Tells the time.
    public var clock: any WallClock
    /// Waits.
    public var sleeper: any Sleeper
    /// Makes node ids and jitter.
    public var random: any RandomSource
    /// Takes records.
    public var audit: any AuditSink
    /// Makes links for users who have to connect.
    public var tickets: ConnectTickets
    /// Begins accounts of Martlet's own.
    public var ownAccounts: OwnAccounts?
    /// What of users' logins can be exchanged; refreshed by the vault's own engine.
    public var logins: LoginTokens?
    /// Gives tokens back to whoever issued them, as far as that is offered.
    public var giveBack: (@Sendable (UpstreamTokens, UpstreamConnection) async -> TokenReturn)?
    /// The configuration of this instant; `nil` where nothing is said of any server.
    public var settings: @Sendable () -> VaultSettings? = { nil }

    /// Lists them.
    public init(
      store: any ConnectionStore, seal: CredentialSeal, exchange: any RefreshExchange, journal: any SpillJournal,
      limits: IssuerLimits = IssuerLimits(), clock: any WallClock, sleeper: any Sleeper = SystemSleeper(),
      random: any RandomSource, audit: any AuditSink, tickets: ConnectTickets, ownAccounts: OwnAccounts? = nil
    ) {
      self.store = store
      self.seal = seal
      self.exchange = exchange
      self.journal = journal
      self.limits = limits
      self.clock = clock
      self.sleeper = sleeper
      self.random = random
      self.audit = audit
      self.tickets = tickets
      self.ownAccounts = ownAccounts
    }
  }

  /// Gets an answer, once, from anywhere.
  public typealias Completion = @Sendable (CredentialAnswer) -> Void

  /// How many connections are refreshed ahead of time in one round.
  private static let round = 256

  let dependencies: Dependencies
  let reader: CredentialReader
  let cache: CredentialCache
  let queue = JobQueue()
  let engine: RefreshEngine
  private let loads = Mutex<[ConnectionKey: [Completion]]>([:])
  /// How many due connections belong to servers that aren't configured.
  private let absent = Atomic<Int>(0)

  /// Puts a vault together; `run` has to run for anything to come of what isn't remembered.
  public init(_ dependencies: Dependencies) {
    self.dependencies = dependencies
    let reader = CredentialReader(
      store: dependencies.store, seal: dependencies.seal, clock: dependencies.clock,
      ownAccounts: dependencies.ownAccounts, settings: dependencies.settings)
    let cache = CredentialCache(store: dependencies.store, clock: dependencies.clock)
    self.reader = reader
    self.cache = cache
    engine = RefreshEngine(
      RefreshEngine.Dependencies(
        store: dependencies.store, seal: dependencies.seal, exchange: dependencies.exchange,
        journal: dependencies.journal, gate: IssuerGate(limits: dependencies.limits, clock: dependencies.clock),
        clock: dependencies.clock, sleeper: dependencies.sleeper, random: dependencies.random,
        audit: dependencies.audit, node: NodeID(dependencies.random)),
      queue: queue,
      landed: { key in
        let mark = cache.mark
        switch await reader.read(key) {
        case .usable(let access, let connection):
          cache.remember(access, connection, since: mark)
          return .ready(access)
        case .ownerNeeded(let reason): return .connectionRequired(reason)
        case .stale(let connection): return .unavailable(retryAt: connection.ledger.retryAt)
        case .unknown: return .unavailable(retryAt: nil)
        }
      })
    dependencies.logins?.attach(engine)
  }

  /// A credential for a call.
  ///
  /// - Parameters:
  ///   - key: Whose, for which server.
  ///   - completion: Called once, from anywhere, where there is no answer at once.
  /// - Returns: The answer where it is known at once, and then `completion` isn't called.
  public func credential(for key: ConnectionKey, completion: @escaping Completion) -> CredentialAnswer? {
    if let found = cache.find(key) {
      if found.isDue { load(key, isUrgent: false, completion: nil) }
      return .ready(found.access)
    }
    load(key, isUrgent: true, completion: completion)
    return nil
  }

  /// The path, below the public origin, of the page where the owner of an account connects it; good for an hour, for one
  /// click, and for that user alone.
  ///
  /// - Returns: `nil` for an account that no user connects: an administrator has to help.
  public func connectPath(for key: ConnectionKey) -> String? { dependencies.tickets.path(for: key) }

  /// The header field that opens a server with what `credential` answered.
  ///
  /// - Returns: `nil` where the server takes another kind of credential by now.
  public func field(with access: UpstreamAccess, for key: ConnectionKey) -> UpstreamCredential? {
    let ownKey = dependencies.settings()?.ownKey(of: key.route)
    guard access.isEntered == (ownKey != nil) else { return nil }
    return ownKey?.field(carrying: access.token) ?? UpstreamCredential(bearer: access.token)
  }

  /// Forgets the keys and credentials of every tenant but these: what a deleted one had can't be opened here either.
  ///
  /// - Parameter tenants: Those that have a data key.
  public func forget(allBut tenants: Set<TenantID>) {
    dependencies.seal.forget(allBut: tenants)
    cache.forget(allBut: tenants)
  }

  /// Reads a credential, refreshes it where it has ended, and tells everybody who asked meanwhile.
  private func load(_ key: ConnectionKey, isUrgent: Bool, completion: Completion?) {
    let isMine = loads.withLock { loads in
      let isMine = loads[key] == nil
      loads[key, default: []] += completion.map { [$0] } ?? []
      return isMine
    }
    guard isMine else { return }
    let isTaken = queue.add { [self] in
      let mark = cache.mark
      switch await reader.read(key) {
      case .usable(let access, let connection):
        cache.remember(access, connection, since: mark)
        await noteGrowth(connection)
        if connection.isDue(at: dependencies.clock.now()) {
          engine.refresh(connection, isUrgent: false, completion: nil)
        }
        answer(key, .ready(access))
      case .stale(let connection): engine.refresh(connection, isUrgent: isUrgent) { self.answer(key, $0) }
      case .ownerNeeded(let reason): answer(key, .connectionRequired(reason))
      case .unknown: answer(key, .unavailable(retryAt: nil))
      }
    }
    if !isTaken { answer(key, .unavailable(retryAt: nil)) }
  }

  /// Takes in a configuration: what was remembered may not be what it wants, and what it wants may be more.
  public func noteConfiguration() async {
    cache.forgetAll()
    guard dependencies.settings()?.servers.contains(where: { $0.oauth.scopes != nil }) ?? false else { return }
    for connection in (try? await dependencies.store.connections(tenant: nil, owner: nil)) ?? []
    where connection.ledger.isUsable { await noteGrowth(connection) }
  }

  /// Where the configuration wants more by now than the user was ever asked for, the connection says so.
  private func noteGrowth(_ connection: UpstreamConnection) async {
    guard case .user = connection.key.owner,
      let configured = dependencies.settings()?.configuredScopes(of: connection.key.route)
    else { return }
    let wanted = configured.subtracting(connection.scopes.asked).subtracting(connection.scopes.missing)
    guard !wanted.isEmpty else { return }
    _ = try? await dependencies.store.requireScopes(
      wanted, beyond: connection.ledger.version, for: connection.key)
  }

  private func answer(_ key: ConnectionKey, _ answer: CredentialAnswer) {
    let completions = loads.withLock { $0.removeValue(forKey: key) ?? [] }
    for completion in completions { completion(answer) }
  }
}

extension Vault {
  /// Does what isn't done at once, until `close`: flights, reads, refreshes ahead of time, what other processes changed.
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.queue.run() }
      group.addTask { await self.cache.follow(self.dependencies.sleeper) }
      group.addTask {
        while !Task.isCancelled {
          await self.workAhead()
          await self.dependencies.sleeper.sleep(for: .seconds(1))
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// One round of what is due: spilled tokens first, then credentials, as far as there is room.
  package func workAhead() async {
    for spilled in (try? dependencies.journal.all()) ?? [] { engine.replay(spilled) }
    let room = Self.round - engine.count
    guard room > 0 else { return }
    // What isn't configured stays as it is, and must not stand in the way of the rest.
    let limit = room + absent.load(ordering: .relaxed)
    let due = (try? await dependencies.store.connectionsDue(at: dependencies.clock.now(), limit: limit)) ?? []
    let renewable = due.filter { renews($0.key.route) }
    absent.store(due.count - renewable.count, ordering: .relaxed)
    for connection in renewable.prefix(room) { engine.refresh(connection, isUrgent: false, completion: nil) }
  }

  private func renews(_ route: RouteID) -> Bool { dependencies.settings()?.renews(route) ?? true }

  /// Begins nothing new and waits for what is under way: a token that was asked for is still stored.
  ///
  /// - Parameter limit: How long at most.
  public func close(within limit: Duration) async {
    queue.close()
    let end = ContinuousClock.now + limit
    while queue.pending > 0, ContinuousClock.now < end { await SystemSleeper().sleep(for: .milliseconds(20)) }
  }
}
