import GRDB
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletStoreSQLite

/// What lies in the file.
@Suite struct StoredFormTests {
  let folder = ScratchFolder()
  let sample = Sample(seed: 7)

  /// At most one sealed reply a family: the predecessor's goes when the token that it carried is used.
  @Test func onlyTheLastReplyIsKept() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (family, first) = try await sample.storeFamily(in: store)
    var presented = first.digest
    for step in 1...5 {
      let rotation = sample.rotation(of: presented, in: family, at: sample.now + .seconds(Int64(step)))
      #expect(try await store.rotateRefreshToken(rotation) == .rotated)
      presented = rotation.successor.digest
      #expect(try await replies(store) == 1)
    }
    try await store.removeEndedFamilies(before: sample.now + .seconds(5 + 120))
    #expect(try await replies(store) == 1)
    try await store.removeEndedFamilies(before: sample.now + .seconds(5 + 121))
    #expect(try await replies(store) == 0)
    #expect(try await store.refreshToken(presented) != nil)
  }

  /// Removing a family takes its tokens along.
  @Test func tokensGoWithTheirFamily() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (family, _) = try await sample.storeFamily(in: store)
    try await store.removeEndedFamilies(before: family.expiresAt + .seconds(1))
    let left = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM refresh_token") }
    #expect(left == 0)
  }

  /// However many calls there were, a flow and the list of flows are found without looking at them.
  @Test(arguments: ["WHERE flow = 'one'", ""])
  func flowsHaveAnIndex(which: String) async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let plan = try await store.pool.read { database in
      let sql = "EXPLAIN QUERY PLAN SELECT flow, MIN(at), MAX(at) FROM flow_event \(which) GROUP BY flow"
      return try Row.fetchAll(database, sql: sql).map { $0["detail"] as String }
    }
    #expect(plan.count == 1 && plan[0].contains("audit_event_attempt"), "\(plan)")
  }

  /// What has expired doesn't lie there any longer than until something is noted, whoever's it was.
  @Test func V_015_expiredTasksGo() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    for (second, tenant) in [(0, "acme"), (5, "umbrella"), (9, "acme")] {
      let now = sample.now + .seconds(Int64(second))
      try await store.noteTasks(
        [[UInt8(second)]], of: [7], tenant: TenantID(tenant), at: now, until: now + .seconds(9), capacity: 9,
        instance: nil)
    }
    let left = try await store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM mcp_task") }
    #expect(left == 2)
  }

  /// However many tasks others have, an owner's are found without looking at them.
  @Test func V_015_tasksHaveIndexes() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    for (condition, index) in [
      ("tenant = 'a' AND owner = x'07' ORDER BY noted_at DESC, task DESC", "mcp_task_owner"),
      ("tenant = 'a' AND task = x'07' AND owner = x'07'", "PRIMARY KEY"), ("expires_at <= 1", "mcp_task_end"),
    ] {
      let plan = try await store.pool.read { database in
        try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN SELECT task FROM mcp_task WHERE \(condition)")
          .map { $0["detail"] as String }
      }
      #expect(plan.count == 1 && plan[0].contains(index), "\(plan)")
    }
  }

  /// A value that can't be is `corrupt`, never a guess.
  @Test func unreadableRowsAreCorrupt() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (family, token) = try await sample.storeFamily(in: store)
    let damages = [
      "UPDATE refresh_token SET expires_at = 'soon'", "UPDATE refresh_token SET expires_at = 1.5",
      "UPDATE refresh_token SET digest = x'00' || digest", "UPDATE refresh_family SET route = 'nowhere'",
    ]
    for damage in damages {
      try await store.pool.writeWithoutTransaction { database in
        try database.execute(sql: "BEGIN; \(damage); COMMIT")
      }
      let found = await result { try await store.refreshToken(token.digest)?.token.expiresAt }
      if case .success(let time?) = found { Issue.record("\(damage) gave \(time)") }
      try await store.pool.write { database in
        try database.execute(
          sql: "UPDATE refresh_token SET digest = ?, expires_at = ?",
          arguments: [DatabaseValue.digest(token.digest), DatabaseValue.time(token.expiresAt)])
        try database.execute(sql: "UPDATE refresh_family SET route = ?", arguments: [family.route.path])
      }
    }
    #expect(try await store.refreshToken(token.digest)?.family == family)
  }

  private func result<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  private func replies(_ store: SQLiteStore) async throws -> Int? {
    try await store.pool.read { database in
      try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM refresh_token WHERE sealed_reply IS NOT NULL")
    }
  }
}
