import MartletDomain
import OAuthProtocol

/// What becomes of a credential that its server doesn't take.
extension Vault {
  /// Another credential for a call whose credential its server refused (401): refreshed once, whoever else was refused
  /// with it.
  ///
  /// - Parameters:
  ///   - access: The refused one.
  ///   - key: Whose, for which server.
  ///   - completion: Called once. `.connectionRequired` where a credential that was just renewed is refused, too.
  public func replacement(
    for access: UpstreamAccess, of key: ConnectionKey, completion: @escaping Completion
  ) {
    if let found = cache.find(key), found.access.version > access.version { return completion(.ready(found.access)) }
    cache.forget(key)
    let job: JobQueue.Job = { [self] in
      switch await reader.read(key) {
      case .usable(let current, let connection):
        if current.version != access.version { return completion(.ready(current)) }
        guard connection.ledger.isRefreshable, !wasJustRenewed(connection) else {
          await noteRejection(of: current, key)
          return completion(.connectionRequired(.rejected))
        }
        engine.refresh(connection, isUrgent: true) { answer in
          // The same one again is no replacement.
          if case .ready(let renewed) = answer, renewed.version == access.version {
            return completion(.unavailable(retryAt: nil))
          }
          completion(answer)
        }
      case .stale(let connection): engine.refresh(connection, isUrgent: true, completion: completion)
      case .ownerNeeded(let reason): completion(.connectionRequired(reason))
      case .unknown: completion(.unavailable(retryAt: nil))
      }
    }
    if !queue.add(job) { completion(.unavailable(retryAt: nil)) }
  }

  /// Notes that a server refused (401) what has just been renewed: the account says so until it is connected again, or the
  /// server takes the credential after all.
  ///
  /// - Parameters:
  ///   - access: The refused one.
  ///   - key: Whose, for which server.
  ///   - completion: Called once.
  public func reject(_ access: UpstreamAccess, of key: ConnectionKey, completion: @escaping @Sendable () -> Void) {
    let isTaken = queue.add { [self] in
      await noteRejection(of: access, key)
      completion()
    }
    if !isTaken { completion() }
  }

  /// Notes that a server takes a credential that it refused before.
  ///
  /// - Parameters:
  ///   - access: What it took.
  ///   - key: Whose, for which server.
  public func accept(_ access: UpstreamAccess, of key: ConnectionKey) {
    guard access.isDoubted else { return }
    _ = queue.add { [self] in
      _ = try? await dependencies.store.acceptCredential(of: key, version: access.version)
      cache.forget(key)
    }
  }

  /// Notes that a server wants more than was granted (403 with `insufficient_scope`); the connection says so from now
  /// on, and the page of `connectPath` asks for it.
  ///
  /// - Parameters:
  ///   - wanted: The scopes that the server named; may be empty.
  ///   - access: The credential that wasn't enough.
  ///   - key: Whose, for which server.
  ///   - completion: Called once. `nil` where nothing can be asked for, or the store can't be asked.
  public func demandScopes(
    _ wanted: ScopeSet, beyond access: UpstreamAccess, of key: ConnectionKey,
    completion: @escaping @Sendable (ScopeDemand?) -> Void
  ) {
    let job: JobQueue.Job = { [self] in
      let demand = try? await dependencies.store.requireScopes(wanted, beyond: access.version, for: key)
      completion(demand ?? nil)
    }
    if !queue.add(job) { completion(nil) }
  }

  private func noteRejection(of access: UpstreamAccess, _ key: ConnectionKey) async {
    guard !access.isDoubted else { return }
    _ = try? await dependencies.store.requireReauthorization(of: key, version: access.version, because: .rejected)
    cache.forget(key)
  }

  private func wasJustRenewed(_ connection: UpstreamConnection) -> Bool {
    guard let renewedAt = connection.refreshedAt else { return false }
    return dependencies.clock.now() - renewedAt < RefreshTiming.leastLead
  }
}
