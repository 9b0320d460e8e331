import Foundation
import GRDB
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletStoreSQLite

/// What is opened, how, and what is refused.
@Suite struct OpeningTests {
  let folder = ScratchFolder()

  @Test func R_41_commitsAreDurable() async throws {
    let path = folder.newPath()
    for _ in 0..<2 {
      let store = try SQLiteStore(patient: path)
      let pragmas = try await store.pool.writeWithoutTransaction { database in
        try ["synchronous", "journal_mode", "foreign_keys"].map { name in
          try String.fetchOne(database, sql: "PRAGMA \(name)")
        }
      }
      #expect(pragmas == ["2", "wal", "1"])
      try store.close()
    }
  }

  @Test func fileIsPrivate() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    try await store.appendAuditEvents([Sample().event(.processStarted)])
    for suffix in ["", "-wal", "-shm"] { #expect(try mode(path + suffix) == 0o600, "\(suffix)") }
    try store.close()
    _ = chmod(path, 0o644)
    try SQLiteStore(patient: path).close()
    #expect(try mode(path) == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.hasPrefix("1") })
  }

  @Test func everyTableHasATenant() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let without = try await store.pool.read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
          AND NOT EXISTS (SELECT 1 FROM pragma_table_info(sqlite_master.name) WHERE name = 'tenant')
          """)
    }
    #expect(without == [])
  }

  @Test func everythingIsThereAfterRestart() async throws {
    let path = folder.newPath()
    let sample = Sample()
    var store = try SQLiteStore(patient: path)
    let (family, token) = try await sample.storeFamily(in: store)
    try store.close()
    await #expect(throws: StoreError.self) { _ = try await store.refreshToken(token.digest) }
    store = try SQLiteStore(patient: path)
    #expect(try await store.refreshToken(token.digest)?.family == family)
  }

  @Test func V_015_ownersOfTasksAreKnownAfterRestart() async throws {
    let path = folder.newPath()
    let now = Sample().now
    var store = try SQLiteStore(patient: path)
    try await store.noteTasks(
      [[1], [2]], of: [7], tenant: "acme", at: now, until: now + .seconds(9), capacity: 9, instance: nil)
    try store.close()
    store = try SQLiteStore(patient: path)
    try await store.noteTasks(
      [[1]], of: [8], tenant: "acme", at: now, until: now + .seconds(9), capacity: 9, instance: nil)
    #expect(
      try await store.ownedTasks([[1], [3]], by: [7], tenant: "acme", at: now) == [[1]: TaskOrigin(instance: nil)])
    #expect(try await store.ownedTasks(by: [7], tenant: "acme", at: now) == [[1], [2]])
    #expect(try await store.ownedTasks(by: [8], tenant: "acme", at: now) == [])
  }

  @Test func manyOpenANewFileAtOnce() async throws {
    for _ in 0..<TestCounts.pick(reduced: 5, full: 200) {
      let path = folder.newPath()
      let counts = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<8 {
          group.addTask {
            let store = try SQLiteStore(patient: path)
            try await store.appendAuditEvents([Sample(seed: UInt64(number)).event(.processStarted)])
            return try await store.auditEvents(tenant: nil, limit: 100).count
          }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(counts.max() == 8)
    }
  }

  @Test func newerDatabaseIsRefusedAndLeftAlone() throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    try store.pool.write { try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('77')") }
    try store.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let error = try #require(throws: StoreOpenError.self) { try SQLiteStore(patient: path) }
    let known = Migrations.newest
    #expect(error == .newer(path: path, found: 77, known: known))
    #expect(error.message == "database \(path): database is of a newer version 77; this program knows \(known)")
    #expect(error.advice == "use the newer program or restore a backup")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func foreignDatabaseIsRefused() throws {
    let path = folder.newPath()
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "CREATE TABLE recipe (name TEXT)") }
    try queue.close()
    #expect(throws: StoreOpenError.foreign(path: path)) { try SQLiteStore(patient: path) }
  }

  @Test func R_42_garbageIsRefused() throws {
    let path = folder.newPath()
    try Data("this is not a database, it only looks like a file of some length".utf8).write(
      to: URL(fileURLWithPath: path))
    let error = try #require(throws: StoreOpenError.self) { try SQLiteStore(patient: path) }
    guard case .corrupt = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.advice.contains("restore a backup"))
  }

  @Test func R_42_missingFolderIsRefused() throws {
    let path = folder.path + "/missing/store.db"
    #expect(throws: StoreOpenError.notFound(path: path)) { try SQLiteStore(patient: path) }
    #expect(throws: StoreOpenError.self) { try SQLiteStore(patient: folder.path) }
    let file = folder.newPath()
    try Data().write(to: URL(fileURLWithPath: file))
    #expect(throws: StoreOpenError.notFound(path: file + "/store.db")) { try SQLiteStore(patient: file + "/store.db") }
    try SQLiteStore(patient: file).close()
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }
}
