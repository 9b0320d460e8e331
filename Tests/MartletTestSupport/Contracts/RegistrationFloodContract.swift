import MartletDomain

/// What every `ClientStore` must do when strangers register more clients than there is room for (V-100).
public enum RegistrationFloodContract {
  /// A flood of registrations fills its quota and nothing else; who is in use stays.
  public static func floodStaysInItsQuota(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let quota = RegistrationQuota(unusedClients: 10)
    var used = sample.client()
    _ = try await store.registerClient(used, quota: quota)
    try await store.noteClientUse(used.id, at: sample.now)
    used.firstUsedAt = sample.now
    var administered = sample.client()
    administered.origin = .administrator
    _ = try await store.registerClient(administered, quota: nil)
    var accepted = 0
    let attempts = TestCounts.pick(reduced: 200, full: 20_000)
    for number in 0..<attempts {
      let client = sample.client(createdAt: sample.now + .milliseconds(number))
      if case .created = try await store.registerClient(client, quota: quota) { accepted += 1 }
    }
    try expect(accepted, is: 10)
    TestCounts.prove("V-100", count: attempts)
    try expect(try await store.clients().count, is: 12)
    let inGrace = sample.client(createdAt: sample.now + .seconds(600))
    try expect(try await store.registerClient(inGrace, quota: quota), is: .quotaExceeded)
    let later = sample.client(createdAt: sample.now + .seconds(600) + .milliseconds(1))
    try expect(try await store.registerClient(later, quota: quota), is: .created(later))
    // Twice, so that whoever was in use would be next: registered at the same moment as the oldest of the flood.
    let evenLater = sample.client(createdAt: sample.now + .seconds(600) + .milliseconds(2))
    try expect(try await store.registerClient(evenLater, quota: quota), is: .created(evenLater))
    try expect(try await store.clients().count, is: 12)
    try expect(try await store.client(used.id), is: used)
    try expect(try await store.client(administered.id), is: administered)
    let none = RegistrationQuota(unusedClients: 0)
    try expect(
      try await store.registerClient(sample.client(createdAt: .distantFuture), quota: none), is: .quotaExceeded)
  }

  /// Whoever comes from another network gets in while one floods, and the flood makes the room.
  public static func newcomersGetIn(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let quota = RegistrationQuota(unusedClients: 10)
    var moment = 0
    func register(from network: String) async throws -> RegisteredClient? {
      moment += 1
      let client = sample.client(from: network, createdAt: sample.now + .milliseconds(moment))
      guard case .created = try await store.registerClient(client, quota: quota) else { return nil }
      return client
    }
    let neighbour = try await register(from: "neighbour")
    for _ in 0..<50 { _ = try await register(from: "flood") }
    var newcomers: [RegisteredClient?] = [neighbour]
    for number in 0..<4 { newcomers.append(try await register(from: "new \(number)")) }
    for _ in 0..<50 { try expect(try await register(from: "flood"), is: nil) }
    for newcomer in newcomers {
      let id = newcomer?.id ?? "turned away"
      try expect(try await store.client(id), is: newcomer)
    }
    try expect(try await store.clients().count, is: 10)
    try expect(try await store.clients().count { $0.network.bytes == Array("flood".utf8) }, is: 5)
    // Grown to equal shares, each has its own alone to replace.
    for _ in 0..<9 { _ = try await register(from: "new 0") }
    try expect(try await store.clients().count { $0.network.bytes == Array("new 0".utf8) }, is: 3)
    try expect(try await store.client(neighbour?.id ?? ""), is: neighbour)
  }

  /// Nobody's older registrations make room for a flood from elsewhere; a lowered quota is reached step by step.
  public static func othersKeepTheirs(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let quota = RegistrationQuota(unusedClients: 10)
    let olds = (0..<3).map { sample.client(from: "old \($0)", createdAt: sample.now) }
    for client in olds { _ = try await store.registerClient(client, quota: quota) }
    for number in 0..<100 {
      let client = sample.client(from: "flood", createdAt: sample.now + .seconds(1000 + Int64(number) * 60))
      _ = try await store.registerClient(client, quota: quota)
    }
    for client in olds { try expect(try await store.client(client.id), is: client) }
    try expect(try await store.clients().count, is: 10)
    let last = sample.client(from: "new", createdAt: sample.now + .seconds(100_000))
    try expect(
      try await store.registerClient(last, quota: RegistrationQuota(unusedClients: 5)), is: .created(last))
    for client in olds + [last] { try expect(try await store.client(client.id), is: client) }
    try expect(try await store.clients().count, is: 5)
  }
}
