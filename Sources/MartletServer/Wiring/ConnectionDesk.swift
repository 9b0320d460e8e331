import MartletDomain
import MartletIdentity
import MartletVault
import Synchronization

/// Works on upstream accounts from the command line, beside a running server: leases and versions see to it that both
/// never do the same at once.
public struct ConnectionDesk: Sendable {
  /// What became of a refresh.
  public enum RefreshResult: Sendable, Equatable {
    /// It has new tokens.
    case done
    /// The configuration names no such server, or one that gets its credentials elsewhere.
    case notConfigured
    /// Only its owner can help; why, where that is known.
    case ownerNeeded(ConnectionReason?)
    /// Not now; nothing is lost. What it failed for, where that is known.
    case later(ConnectionReason?)
  }

  private let vault: Vault
  private let installation: Installation
  private let settings: VaultSettings
  private let returns: Returns

  /// What became of tokens that were given back.
  private final class Returns: Sendable {
    private let outcomes = Mutex<[TokenReturn]>([])

    func note(_ outcome: TokenReturn) { outcomes.withLock { $0.append(outcome) } }

    func take() -> [TokenReturn] {
      outcomes.withLock { outcomes in
        defer { outcomes = [] }
        return outcomes
      }
    }
  }

  /// - Parameters:
  ///   - installation: The installation.
  ///   - configuration: The configuration, with its secrets.
  /// - Throws: What keeps the egress guard from being made.
  public init(installation: Installation, configuration: Configuration) throws {
    let snapshots = SnapshotHolder(Snapshot(configuration, port: configuration.listen.port))
    let assembly = VaultAssembly(configuration: configuration, installation: installation, snapshots: snapshots)
    let returns = Returns()
    vault = assembly.vault(try assembly.directory()) { returns.note($0) }
    self.returns = returns
    self.installation = installation
    settings = snapshots.current.vault
  }

  /// What is said of `notConfigured`.
  public static func notConfigured(_ route: RouteID) -> String {
    "The configuration names no server \(route.server) whose tokens could be renewed; the account stays as it is."
  }

  /// Refreshes a connection now; one of Martlet's own that was taken away begins anew.
  public func refresh(_ key: ConnectionKey) async throws(StoreError) -> RefreshResult {
    guard settings.renews(key.route) else { return .notConfigured }
    let before = try await installation.store.connection(key)?.ledger.version ?? 0
    let answer = await working { await $0.refresh(key) }
    let after = try await installation.store.connection(key)?.ledger
    switch answer {
    // What it had may still be good: that alone is no renewal.
    case .ready: return after.map { $0.version > before } ?? false ? .done : .later(after?.reason)
    case .connectionRequired(let reason): return .ownerNeeded(reason)
    case .unavailable: return .later(after?.reason)
    }
  }

  /// Takes a connection away, here and where it was issued. The record stands before the effect.
  ///
  /// - Parameters:
  ///   - key: Whose, where.
  ///   - asker: Who wants it.
  /// - Returns: What became of the tokens that it had, of each account that went; `nil` where there was nothing to take.
  public func revoke(_ key: ConnectionKey, by asker: Asker) async throws -> [TokenReturn]? {
    guard let stored = try await installation.store.connection(key), stored.ledger.state != .revoked else {
      return nil
    }
    try await installation.audit.recordDurably(
      asker.event(
        .connectionRevoked, at: installation.clock.now(), tenant: key.tenant, route: key.route.path))
    let result: Result<Bool, StoreError> = await working { vault in
      do throws(StoreError) { return .success(try await vault.disconnect(key, because: .withdrawn)) } catch {
        return .failure(error)
      }
    }
    return try result.get() ? returns.take() : nil
  }

  /// Takes tokens back where they were issued, as far as that is offered, of connections that were ended here.
  public func takeBack(_ connections: [UpstreamConnection]) async {
    guard !connections.isEmpty else { return }
    await working { vault in
      for connection in connections { await vault.takeBack(connection) }
    }
  }

  private func working<Answer: Sendable>(_ work: @Sendable (Vault) async -> Answer) async -> Answer {
    async let running: Void = vault.run()
    let answer = await work(vault)
    await vault.close(within: .seconds(35))
    await running
    return answer
  }
}
