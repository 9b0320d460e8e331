import MartletDomain

extension MemoryStore {
  /// See `TaskOwnerStore`.
  public func noteTasks(
    _ tasks: [[UInt8]], of owner: [UInt8], tenant: TenantID, at now: Timestamp, until expiry: Timestamp, capacity: Int,
    instance: String?
  ) async throws(StoreError) {
    try access { state in
      state.ownedTasks.removeAll { $0.expiresAt <= now }
      for task in tasks where !state.ownedTasks.contains(where: { $0.tenant == tenant && $0.task == task }) {
        state.ownedTasks.append(
          .init(tenant: tenant, task: task, owner: owner, notedAt: now, expiresAt: expiry, instance: instance))
      }
      let oldest = state.ownedTasks.filter { $0.tenant == tenant && $0.owner == owner }
        .sorted {
          $0.notedAt == $1.notedAt ? $0.task.lexicographicallyPrecedes($1.task) : $0.notedAt < $1.notedAt
        }
        .dropLast(capacity).map(\.task)
      state.ownedTasks.removeAll { $0.tenant == tenant && oldest.contains($0.task) }
    }
  }

  /// See `TaskOwnerStore`.
  public func ownedTasks(_ tasks: [[UInt8]], by owner: [UInt8], tenant: TenantID, at now: Timestamp)
    async throws(StoreError) -> [[UInt8]: TaskOrigin]
  {
    try access { state in
      let owned = state.ownedTasks.filter {
        $0.tenant == tenant && $0.owner == owner && $0.expiresAt > now && tasks.contains($0.task)
      }
      return Dictionary(uniqueKeysWithValues: owned.map { ($0.task, TaskOrigin(instance: $0.instance)) })
    }
  }

  /// See `TaskOwnerStore`.
  public func ownedTasks(by owner: [UInt8], tenant: TenantID, at now: Timestamp)
    async throws(StoreError) -> Set<[UInt8]>
  {
    try access { state in
      Set(state.ownedTasks.filter { $0.tenant == tenant && $0.owner == owner && $0.expiresAt > now }.map(\.task))
    }
  }
}

extension MemoryStoreState {
  struct OwnedTask: Sendable {
    let tenant: TenantID
    let task: [UInt8]
    let owner: [UInt8]
    let notedAt: Timestamp
    let expiresAt: Timestamp
    let instance: String?
  }
}
