import Foundation
import GRDB
import MartletDomain
import MartletTestSupport
import Synchronization
import Testing

@testable import MartletStoreSQLite

/// what a broken disk or a hogged lock does. Writes are `unavailable`, reads go on, nothing is half written,
/// nothing crashes.
@Suite(.serialized) struct FaultTests {
  let folder = ScratchFolder()
  let sample = Sample(seed: 42)

  @Test func R_42_lockedByAnotherProcess() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    let impatient = try SQLiteStore(path: path, busyTimeout: .milliseconds(50))
    let (family, token) = try await sample.storeFamily(in: store)
    let other = try hog(path)
    let rounds = TestCounts.pick(reduced: 5, full: 100)
    for _ in 0..<rounds {
      try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
      let rotation = sample.rotation(of: token.digest, in: family, at: sample.now)
      // On a starved machine the patience may be over before the first try: then it is "busy".
      let error = await #expect(throws: StoreError.self) { _ = try await impatient.rotateRefreshToken(rotation) }
      #expect(
        error == .unavailable("the database is locked") || error == .unavailable("the database is busy"),
        "\(String(describing: error))")
      #expect(try await store.refreshToken(token.digest)?.rotatedAt == nil)
      try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    }
    let rotation = sample.rotation(of: token.digest, in: family, at: sample.now)
    #expect(try await store.rotateRefreshToken(rotation) == .rotated)
    TestCounts.prove("R-42", count: rounds)
  }

  /// A lock that ends in time is waited for.
  @Test func R_42_aShortLockIsWaitedFor() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    let (family, token) = try await sample.storeFamily(in: store)
    let other = try hog(path)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let rotation = sample.rotation(of: token.digest, in: family, at: sample.now)
    async let outcome = store.rotateRefreshToken(rotation)
    try await Task.sleep(for: .milliseconds(200))
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    #expect(try await outcome == .rotated)
  }

  /// Many that wait for a locked file wait together, not one after the other.
  @Test func R_42_waitingWritesFailTogether() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(path: path, busyTimeout: .milliseconds(100))
    let other = try hog(path)
    try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let event = sample.event(.exchangeForwarded)
    // The line doesn't move until the patience of everyone in it is over; then nobody may try on their own.
    let gate = DispatchSemaphore(value: 0)
    async let head: Void = store.pool.writeWithoutTransaction { _ in gate.wait() }
    let waiting = Waiting()
    let untried = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 {
        group.addTask {
          waiting.count.add(1, ordering: .relaxed)
          let error = await #expect(throws: StoreError.self) { try await store.appendAuditEvents([event]) }
          return error == .unavailable("the database is busy")
        }
      }
      while waiting.count.load(ordering: .relaxed) < 100 { await Task.yield() }
      try? await Task.sleep(for: .milliseconds(150))
      gate.signal()
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    try await head
    // A thread may stand between its count and its place in the line, one for each processor.
    #expect(untried >= 50, "\(100 - untried) tried one after the other")
    try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    let patient = try SQLiteStore(patient: path)
    try await patient.appendAuditEvents([event])
    #expect(try await patient.auditEvents(tenant: nil, limit: .max).count == 1)
  }

  @Test func R_42_lockedWhileOpening() throws {
    let path = folder.newPath()
    let queue = try hog(path)
    try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    #expect(throws: StoreOpenError.busy(path: path)) { try SQLiteStore(path: path, busyTimeout: .milliseconds(50)) }
    try queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try SQLiteStore(patient: path).close()
  }

  @Test func R_42_readOnly() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (family, token) = try await sample.storeFamily(in: store)
    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 1") }
    let rotation = sample.rotation(of: token.digest, in: family, at: sample.now)
    await #expect(throws: StoreError.unavailable("the database is read-only")) {
      _ = try await store.rotateRefreshToken(rotation)
    }
    #expect(try await store.refreshToken(token.digest)?.rotatedAt == nil)
    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
    #expect(try await store.rotateRefreshToken(rotation) == .rotated)
  }

  @Test func R_42_pagesRunOut() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    try await store.pool.writeWithoutTransaction { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages + 20)")
    }
    try await fillUp(store)
    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await store.appendAuditEvents([sample.event(.processStarted)])
  }

  @Test(.enabled(if: TinyDisk.isAvailable, "only root can mount a small disk"))
  func R_42_diskFillsUp() async throws {
    for _ in 0..<TestCounts.pick(reduced: 2, full: 100) {
      let disk = try TinyDisk(in: folder, kilobytes: 1024)
      defer { disk.remove() }
      let store = try SQLiteStore(patient: disk.path + "/store.db")
      try await fillUp(store)
      try store.close()
      let again = try SQLiteStore(patient: disk.path + "/store.db")
      let verdict = try await again.pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
      #expect(verdict == "ok")
      try again.close()
    }
  }

  @Test(.enabled(if: TinyDisk.isAvailable, "only root can mount a small disk"))
  func R_42_openingOnABadDisk() throws {
    let disk = try TinyDisk(in: folder, kilobytes: 1024)
    defer { disk.remove() }
    let path = disk.path + "/store.db"
    try SQLiteStore(patient: path).close()
    try #require(disk.setReadOnly(true))
    #expect(throws: StoreOpenError.readOnly(path: path)) { try SQLiteStore(patient: path) }
    #expect(throws: StoreOpenError.readOnly(path: disk.path + "/b")) { try SQLiteStore(patient: disk.path + "/b") }
    try #require(disk.setReadOnly(false))
    try SQLiteStore(patient: path).close()
    let full = try TinyDisk(in: folder, kilobytes: 32)
    defer { full.remove() }
    #expect(throws: StoreOpenError.diskFull(path: full.path + "/a")) { try SQLiteStore(patient: full.path + "/a") }
  }

  @Test func R_42_corruptPageIsRefusedAtStart() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    for _ in 0..<20 { try await store.appendAuditEvents(batch("x")) }
    try store.close()
    var bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    for index in (bytes.count / 2)..<(bytes.count / 2 + 3 * 4096) { bytes[index] = 0xA5 }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let error = try #require(throws: StoreOpenError.self) { try SQLiteStore(patient: path) }
    guard case .corrupt = error else {
      Issue.record("\(error)")
      return
    }
    #expect(!error.description.contains("\n"))
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == bytes, "the damaged file was changed")
  }

  /// A trail of gigabytes isn't read at every start and by every command; everything else is.
  @Test(arguments: ["audit_event", "client"]) func R_42_ofALargeFileTheTrailIsNotReadAtStart(table: String) async throws
  {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    let page = try await store.pool.read {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?", arguments: [table])
    }
    _ = try await store.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    try store.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64((try #require(page) - 1) * 4096))
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    try file.close()
    var opening = DatabaseOpening(path: path, busyTimeout: .seconds(300))
    #expect(throws: StoreOpenError.self) { try opening.open() }
    opening.wholeCheck = 0
    if table == "audit_event" {
      try opening.open().close()
    } else {
      #expect(throws: StoreOpenError.self) { try opening.open() }
    }
  }

  @Test func R_42_corruptPageWhileRunning() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    for _ in 0..<50 { try await store.appendAuditEvents(batch("x")) }
    _ = try await store.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try file.seek(toOffset: 8192)
    try file.write(contentsOf: Data(repeating: 0xA5, count: size - 8192))
    store.pool.releaseMemory()
    let error = try await #require(throws: StoreError.self) {
      _ = try await store.auditEvents(tenant: nil, limit: 5000)
    }
    guard case .corrupt = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func cancelledCallChangesNothing() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let events = batch("cancelled")
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await store.appendAuditEvents(events)
    }
    await #expect(throws: StoreError.unavailable("cancelled")) { try await task.value }
    #expect(try await store.auditEvents(tenant: nil, limit: 10) == [])
  }

  /// A connection that may keep a transaction open.
  private func hog(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Writes until nothing fits, then looks: every batch is there whole or not at all, and reads go on.
  private func fillUp(_ store: SQLiteStore) async throws {
    var written = 0
    var failure: StoreError?
    while failure == nil, written < 10_000 {
      do {
        try await store.appendAuditEvents(batch("batch \(written)"))
        written += 1
      } catch { failure = error }
    }
    guard case .unavailable = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(try await store.auditEvents(tenant: nil, limit: .max).count == written * 50)
    await #expect(throws: StoreError.self) { try await store.appendAuditEvents(batch("more")) }
    #expect(try await store.auditEvents(tenant: nil, limit: .max).count == written * 50)
  }

  private func batch(_ reason: String) -> [AuditEvent] {
    (0..<50).map { _ in
      var event = sample.event(.exchangeForwarded)
      event.reason = reason
      event.target = sample.name()
      return event
    }
  }
}

private final class Waiting: Sendable {
  let count = Atomic<Int>(0)
}
