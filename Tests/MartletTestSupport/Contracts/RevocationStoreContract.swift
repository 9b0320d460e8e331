import MartletDomain
import StrictCoding
import Synchronization

/// What every `RevocationStore` must do.
public enum RevocationStoreContract {
  /// Rows come back in order, after a number, until they expire.
  public static func rowsComeInOrder(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let targets: [RevocationTarget] = [
      .accessToken("jti"), .accessToken(ByteString([0, 255])), .grant("g"), .user("acme", "alice"), .client("c"),
      .client("c"), .tenant("acme"), .route(sample.route),
    ]
    let rows = targets.enumerated().map { number, target in
      Revocation(
        target: target, issuedUntil: sample.now, effectiveAt: number == 1 ? sample.now + .seconds(9) : nil,
        expiresAt: sample.now + .seconds(Int64(number + 1)))
    }
    try await store.appendRevocations(Array(rows[..<2]))
    try await store.appendRevocations([])
    try await store.appendRevocations(Array(rows[2...]))
    let all = try await store.revocations(after: 0, at: sample.now)
    try expect(all.map(\.revocation), is: rows)
    try expect(all.map(\.sequence), is: all.map(\.sequence).sorted())
    try expect(Set(all.map(\.sequence)).count, is: rows.count)
    try expect(try await store.revocations(after: all[3].sequence, at: sample.now), is: Array(all[4...]))
    try expect(try await store.revocations(after: 0, at: sample.now + .seconds(2)), is: Array(all[2...]))
    try await store.removeExpiredRevocations(at: sample.now + .seconds(8))
    try expect(try await store.revocations(after: 0, at: .distantPast), is: [])
    try await store.appendRevocations([rows[0]])
    let next = try await store.revocations(after: all[7].sequence, at: .distantPast)
    try expect(next.count, is: 1, "numbers are never given twice")
  }

  /// A follower that asks after the last number that it saw misses nothing, though many write over many handles.
  public static func followerMissesNothing(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(3)
    let now = Sample().now
    let count = TestCounts.pick(reduced: 300, full: 5000)
    let follower = stores[2]
    let areWritten = Flag()
    let seen = try await withThrowingTaskGroup(of: [ByteString].self) { group in
      group.addTask {
        var seen: [ByteString] = []
        var last: Int64 = 0
        var isLast = false
        while !isLast {
          isLast = areWritten.isSet.load(ordering: .acquiring)
          for row in try await follower.revocations(after: last, at: now) {
            last = max(last, row.sequence)
            if case .accessToken(let id) = row.revocation.target { seen.append(id) }
          }
          await Task.yield()
        }
        return seen
      }
      defer { areWritten.isSet.store(true, ordering: .releasing) }
      _ = try await atOnce(count, over: Array(stores[..<2])) { number, store in
        let row = Revocation(
          target: .accessToken(ByteString("t\(number)")), issuedUntil: now, expiresAt: now + .seconds(60))
        try await store.appendRevocations([row])
      }
      areWritten.isSet.store(true, ordering: .releasing)
      return try await group.next() ?? []
    }
    try expect(Set(seen).count, is: count)
    try expect(seen.count, is: count)
  }
}

private final class Flag: Sendable {
  let isSet = Atomic(false)
}
