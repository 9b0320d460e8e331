import MartletDomain

/// What every `AuthorizationStore` must do when strangers begin more authorizations than there is room for.
public enum PendingRoomContract {
  /// A flood of one network pushes out its own and nobody else's, and never those with a login.
  public static func floodStaysInItsRoom(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let neighbour = sample.pending(from: "neighbour")
    let customer = sample.pending(from: "flooded")
    for one in [neighbour, customer] { _ = try await store.beginAuthorization(one, capacity: 10) }
    try await store.noteLogin(for: customer.id, at: sample.now, capacity: 10)
    let attempts = TestCounts.pick(reduced: 100, full: 20_000)
    var begun: [PendingAuthorization] = []
    for number in 1...attempts {
      let one = sample.pending(from: "flooded", createdAt: sample.now + .milliseconds(number))
      try expect(try await store.beginAuthorization(one, capacity: 10), is: one)
      begun.append(one)
    }
    let at = sample.now + .milliseconds(attempts)
    var left: [PendingAuthorization] = []
    for one in begun { if let kept = try await store.pendingAuthorization(one.id, at: at) { left.append(kept) } }
    try expect(left, is: Array(begun.suffix(9)), "the newest of the flood beside the neighbour's one")
    try expect(try await store.pendingAuthorization(neighbour.id, at: at), is: neighbour)
    try expect(try await store.pendingAuthorization(customer.id, at: at)?.loggedInAt, is: sample.now)
  }

  /// Whoever comes while others flood from many networks gets in and stays, as long as one of those has two.
  public static func newcomersGetIn(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var number = 0
    func begin(from network: String) async throws -> PendingAuthorization {
      number += 1
      let one = sample.pending(from: network, createdAt: sample.now + .milliseconds(number))
      return try await store.beginAuthorization(one, capacity: 10)
    }
    for network in 0..<5 { for _ in 0..<2 { _ = try await begin(from: "flood \(network)") } }
    let newcomer = try await begin(from: "new")
    for network in 0..<40 { _ = try await begin(from: "flood \(network % 5)") }
    try expect(try await store.pendingAuthorization(newcomer.id, at: newcomer.createdAt), is: newcomer)
  }

  /// Those with a login are bounded too, by browser; what has expired goes before what lives.
  public static func loginsAreBounded(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let browser = sample.digest()
    let other = sample.pending()
    _ = try await store.beginAuthorization(other, capacity: 5)
    try await store.noteLogin(for: other.id, at: sample.now, capacity: 5)
    var begun: [PendingAuthorization] = []
    for number in 1...20 {
      var one = sample.pending(createdAt: sample.now + .milliseconds(number))
      one.browser = browser
      one.loggedInAt = number % 2 == 0 ? one.createdAt : nil
      _ = try await store.beginAuthorization(one, capacity: 5)
      try await store.noteLogin(for: one.id, at: one.createdAt, capacity: 5)
      begun.append(one)
    }
    let at = begun[19].createdAt
    let left = try await begun.asyncFilter { try await store.pendingAuthorization($0.id, at: at) != nil }
    try expect(left.map(\.id), is: begun.suffix(4).map(\.id))
    try expect(try await store.pendingAuthorization(other.id, at: at)?.id, is: other.id)
    try await store.noteLogin(for: "none", at: at, capacity: 5)
    var later = sample.pending(createdAt: other.expiresAt)
    later.loggedInAt = later.createdAt
    _ = try await store.beginAuthorization(later, capacity: 5)
    let still = try await left.asyncFilter { try await store.pendingAuthorization($0.id, at: at) != nil }
    try expect(still, is: left, "the one that has expired made room enough")
  }
}

extension Array {
  fileprivate func asyncFilter(_ isIncluded: (Element) async throws -> Bool) async throws -> [Element] {
    var found: [Element] = []
    for element in self where try await isIncluded(element) { found.append(element) }
    return found
  }
}
