import MartletDomain

/// What every `TaskOwnerStore` must do (V-015).
public enum TaskOwnerStoreContract {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let expiry = now + .seconds(60)
  private static let (ann, bob) = ([0xA0] as [UInt8], [0xB0] as [UInt8])

  private static func note(
    _ store: any DurableStore, _ tasks: [[UInt8]], of owner: [UInt8], tenant: TenantID = "acme",
    at time: Timestamp = now, until expiry: Timestamp = expiry, capacity: Int = 9,
    instance: String? = nil
  ) async throws {
    try await store.noteTasks(
      tasks, of: owner, tenant: tenant, at: time, until: expiry, capacity: capacity, instance: instance)
  }

  private static func owned(
    _ store: any DurableStore, _ tasks: [[UInt8]], by owner: [UInt8], tenant: TenantID = "acme",
    at time: Timestamp = now
  ) async throws -> Set<[UInt8]> {
    Set(try await store.ownedTasks(tasks, by: owner, tenant: tenant, at: time).keys)
  }

  /// An owner's tasks are found, one by one and all of them: nobody else's, and none of another tenant.
  public static func tasksAreTheirOwners(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    try await note(store, [], of: ann)
    try expect(try await store.ownedTasks(by: ann, tenant: "acme", at: now), is: [])
    try await note(store, [[1], [2], [1]], of: ann)
    try await note(store, [[3]], of: bob)
    try await note(store, [[1]], of: bob, tenant: "umbrella")
    try await note(store, [[4]], of: ann, tenant: "umbrella")
    let all: [[UInt8]] = [[4], [3], [2], [1], [], [1]]
    let expected: [(owner: [UInt8], tenant: TenantID, tasks: Set<[UInt8]>)] = [
      (ann, "acme", [[1], [2]]), (bob, "acme", [[3]]), (bob, "umbrella", [[1]]), (ann, "umbrella", [[4]]),
      ([], "acme", []), (ann, "initech", []),
    ]
    for (owner, tenant, tasks) in expected {
      let place = "\(owner) of \(tenant)"
      try expect(try await owned(store, all, by: owner, tenant: tenant), is: tasks, "among, \(place)")
      try expect(try await store.ownedTasks(by: owner, tenant: tenant, at: now), is: tasks, "all, \(place)")
      for task in all {
        let found = try await owned(store, [task], by: owner, tenant: tenant)
        try expect(found, is: tasks.intersection([task]), "\(task), \(place)")
      }
      try expect(try await owned(store, [], by: owner, tenant: tenant), is: [])
    }
  }

  /// Whoever had a task first keeps it, until the first time that was said; then it may be somebody else's.
  public static func theFirstOwnerStays(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let last = now + .milliseconds(59_999)
    try await note(store, [[1]], of: ann)
    try await note(store, [[2], [1]], of: bob, until: expiry + .seconds(60))
    try await note(store, [[1]], of: ann, until: expiry + .seconds(60))
    try await note(store, [[1]], of: bob, at: last, until: expiry + .seconds(60))
    try expect(try await owned(store, [[1], [2]], by: ann, at: last), is: [[1]])
    try expect(try await owned(store, [[1], [2]], by: bob, at: last), is: [[2]])
    try expect(try await store.ownedTasks(by: bob, tenant: "acme", at: last), is: [[2]])
    try expect(try await owned(store, [[1]], by: ann, at: expiry), is: [], "it has expired")
    try expect(try await store.ownedTasks(by: ann, tenant: "acme", at: expiry), is: [], "it has expired")
    try await note(store, [[1]], of: bob, at: expiry, until: expiry + .seconds(60))
    try expect(try await owned(store, [[1]], by: ann, at: expiry), is: [])
    try expect(try await owned(store, [[1], [2]], by: bob, at: expiry), is: [[1], [2]])
  }

  /// Where a task began is told to its owner alone, as it was said first.
  public static func tasksHaveInstances(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    try await note(store, [[1], [2]], of: ann, instance: "https://one.example/mcp")
    try await note(store, [[3]], of: ann, instance: "https://two.example/mcp")
    try await note(store, [[4]], of: ann)
    try await note(store, [[1]], of: ann, instance: "https://two.example/mcp")
    try await note(store, [[2]], of: bob, tenant: "umbrella", instance: "https://three.example/mcp")
    let all: [[UInt8]] = [[1], [2], [3], [4], [5], [1]]
    let one = TaskOrigin(instance: "https://one.example/mcp")
    let two = TaskOrigin(instance: "https://two.example/mcp")
    let three = TaskOrigin(instance: "https://three.example/mcp")
    let expected: [(owner: [UInt8], tenant: TenantID, origins: [[UInt8]: TaskOrigin])] = [
      (ann, "acme", [[1]: one, [2]: one, [3]: two, [4]: TaskOrigin(instance: nil)]),
      (bob, "umbrella", [[2]: three]), (bob, "acme", [:]), (ann, "umbrella", [:]),
    ]
    for (owner, tenant, origins) in expected {
      let found = try await store.ownedTasks(all, by: owner, tenant: tenant, at: now)
      try expect(found, is: origins, "\(owner) of \(tenant)")
    }
    try expect(try await store.ownedTasks([[1]], by: ann, tenant: "acme", at: expiry), is: [:], "expired")
  }

  /// Of many who say at once that a task is theirs, over several handles, one is right.
  public static func oneOfManyOwnsATask(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    _ = try await atOnce(20, over: stores) { number, store in
      try await note(store, [[1], [2]], of: [UInt8(number)])
    }
    for store in stores {
      var owners = 0
      for number in 0..<20 {
        let found = try await owned(store, [[1], [2]], by: [UInt8(number)])
        try expect(found.isEmpty || found == [[1], [2]], "\(found)")
        owners += found.isEmpty ? 0 : 1
      }
      try expect(owners, is: 1)
    }
  }

  /// Beyond an owner's capacity the oldest go, of that owner alone.
  public static func theOldestAreForgotten(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    try await note(store, [[0xFF]], of: bob, capacity: 3)
    try await note(store, [[0xFE]], of: ann, tenant: "umbrella", capacity: 3)
    // Neither the order of the digests nor that of the expiries is the order of the age.
    for (second, task) in [9, 1, 8, 2, 7].enumerated() {
      let time = now + .seconds(Int64(second))
      try await note(
        store, [[UInt8(task)]], of: ann, at: time, until: expiry + .seconds(Int64(9 - second)), capacity: 3)
    }
    let time = now + .seconds(5)
    try expect(try await store.ownedTasks(by: ann, tenant: "acme", at: time), is: [[8], [2], [7]])
    try expect(try await owned(store, [[9], [1], [7]], by: ann, at: time), is: [[7]])
    try await note(store, (20..<30).map { [$0] }, of: ann, at: time, capacity: 3)
    let owned = try await store.ownedTasks(by: ann, tenant: "acme", at: time)
    try expect(owned.count, is: 3)
    try expect(owned.allSatisfy { $0[0] >= 20 }, "the older ones are gone: \(owned)")
    try expect(try await store.ownedTasks(by: bob, tenant: "acme", at: time), is: [[0xFF]])
    try expect(try await store.ownedTasks(by: ann, tenant: "umbrella", at: time), is: [[0xFE]])
    try await note(store, [[9]], of: bob, at: time, capacity: 3)
    try expect(try await store.ownedTasks(by: bob, tenant: "acme", at: time), is: [[9], [0xFF]], "forgotten, so free")
  }

  /// What a tenant had is gone with it, and no other's.
  public static func tasksGoWithTheirTenant(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    try await note(store, [[1]], of: ann)
    try await note(store, [[1]], of: ann, tenant: "umbrella")
    try expect(try await store.setTenantState("acme", .deleted, at: now), is: true)
    _ = try await store.purgeTenant("acme")
    try expect(try await store.ownedTasks(by: ann, tenant: "acme", at: now), is: [])
    try expect(try await owned(store, [[1]], by: ann, tenant: "umbrella"), is: [[1]])
  }
}
