import MartletDomain
import MartletVault

/// Works on upstream accounts from the command line, beside a running server: leases and versions see to it that both
/// never do the same at once.
public struct ConnectionDesk: Sendable {
  /// What became of a refresh.
  public enum RefreshResult: Sendable, Equatable {
    /// It has a good credential.
    case done
    /// Only its owner can help; why, where that is known.
    case ownerNeeded(ConnectionReason?)
    /// Not now; nothing is lost.
    case later
  }

  private let vault: Vault

  /// - Parameters:
  ///   - installation: The installation.
  ///   - configuration: The configuration, with its secrets.
  /// - Throws: What keeps the egress guard from being made.
  public init(installation: Installation, configuration: Configuration) throws {
    let snapshots = SnapshotHolder(Snapshot(configuration, port: configuration.listen.port))
    let assembly = VaultAssembly(configuration: configuration, installation: installation, snapshots: snapshots)
    vault = assembly.vault(try assembly.directory())
  }

  /// Refreshes a connection now.
  public func refresh(_ key: ConnectionKey) async -> RefreshResult {
    await working { vault in
      switch await vault.refresh(key) {
      case .ready: .done
      case .connectionRequired(let reason): .ownerNeeded(reason)
      case .unavailable: .later
      }
    }
  }

  /// Takes a connection away, here and where it was issued.
  ///
  /// - Returns: Whether there was something to take.
  public func revoke(_ key: ConnectionKey) async throws -> Bool {
    let result: Result<Bool, StoreError> = await working { vault in
      do throws(StoreError) { return .success(try await vault.disconnect(key, because: .withdrawn)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func working<Answer: Sendable>(_ work: @Sendable (Vault) async -> Answer) async -> Answer {
    async let running: Void = vault.run()
    let answer = await work(vault)
    await vault.close(within: .seconds(35))
    await running
    return answer
  }
}
