import MartletDomain

/// Removes what has ended; to be run every few minutes. Nothing that could still be used ever goes.
public struct AuthorizationServerHousekeeping: Sendable {
  /// How a run went.
  public struct Report: Sendable, Equatable {
    /// How many never-used clients went.
    public var removedClients = 0
    /// What the store refused; the next run tries again.
    public var failures: [StoreError] = []

    /// An empty report.
    public init() {}
  }

  /// What ended is kept for so long, so that a clock that was ahead for a while takes nothing away.
  public static let grace: Duration = .seconds(86_400)

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let store: any AuthorizationServerStore
  private let index: RevocationIndex

  /// Makes the job.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, store: any AuthorizationServerStore,
    index: RevocationIndex
  ) {
    self.settings = settings
    self.store = store
    self.index = index
  }

  /// Runs once. A part that fails doesn't keep the others from running.
  public func run(at now: Timestamp) async -> Report {
    var report = Report()
    let unused = settings().registration.unusedLifetime
    do {
      report.removedClients = try await store.removeNeverUsedClients(registeredBefore: now - unused)
    } catch {
      report.failures.append(error)
    }
    await attempt(&report) { () throws(StoreError) in try await store.removeExpiredAuthorizations(at: now) }
    await attempt(&report) { () throws(StoreError) in try await store.removeEndedFamilies(before: now - Self.grace) }
    await attempt(&report) { () throws(StoreError) in try await store.removeExpiredRevocations(at: now) }
    await attempt(&report) { () throws(StoreError) in try await store.removeRetiredSigningKeys(at: now) }
    index.removeExpired(at: now)
    return report
  }

  private func attempt(_ report: inout Report, _ step: () async throws(StoreError) -> Void) async {
    do {
      try await step()
    } catch {
      report.failures.append(error)
    }
  }
}

/// What the authorization server keeps, and where.
public typealias AuthorizationServerStore = AuthorizationStore & ClientStore & RefreshTokenStore & RevocationStore
  & SigningKeyStore & UserStore & DeviceAuthorizationStore & TenantStore
