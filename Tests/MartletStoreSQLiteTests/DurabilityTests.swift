import Foundation
import GRDB
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletStoreSQLite

/// a power cut at any point loses nothing that was acknowledged.
@Suite(.serialized) struct DurabilityTests {
  let folder = ScratchFolder()
  let sample = Sample(seed: 41)

  @Test func R_41_R_24_powerCutLosesNothingAcknowledged() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    var history = History(family: try await sample.storeFamily(in: store))
    var cutInAWrite = 0
    let rounds = TestCounts.pick(reduced: 30, full: 500)
    for round in 0..<rounds {
      for _ in 0..<(1 + round % 7) { try await step(&history, in: store) }
      let before = try CrashCopy(of: path)
      let acknowledged = history
      try await checkCopy(before, holds: acknowledged)
      try await step(&history, in: store)
      let after = try CrashCopy(of: path)
      guard before.isContinued(by: after) else { continue }
      cutInAWrite += 1
      try await checkCopy(torn(before, after, round), holds: acknowledged)
    }
    #expect(cutInAWrite > rounds / 3, "the log was cut in the middle of a write too seldom to tell")
    for check in ["R-41", "R-24"] { TestCounts.prove(check, count: rounds + cutInAWrite) }
  }

  @Test func R_41_powerCutInACheckpointLosesNothing() async throws {
    let path = folder.newPath()
    let store = try SQLiteStore(patient: path)
    var history = History(family: try await sample.storeFamily(in: store))
    for round in 0..<TestCounts.pick(reduced: 10, full: 100) {
      for _ in 0..<(5 + round) { try await step(&history, in: store) }
      let before = try CrashCopy(of: path)
      _ = try await store.pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
      let after = try CrashCopy(of: path)
      #expect(before.database != after.database && before.log == after.log)
      var mixed = before
      mixed.database = pages(of: before.database, mixedWith: after.database)
      try await checkCopy(mixed, holds: history)
    }
  }

  /// What was acknowledged so far.
  private struct History {
    var family: RefreshFamily
    var events = 0
    var presented: ArtefactDigest?
    var newest: ArtefactDigest
    var reply: RefreshRotationOutcome?

    init(family: (family: RefreshFamily, token: RefreshToken)) {
      self.family = family.family
      newest = family.token.digest
    }
  }

  /// One acknowledged exchange and one acknowledged record.
  private func step(_ history: inout History, in store: SQLiteStore) async throws {
    let rotation = sample.rotation(of: history.newest, in: history.family, at: sample.now)
    try #require(try await store.rotateRefreshToken(rotation) == .rotated)
    history.presented = history.newest
    history.newest = rotation.successor.digest
    history.reply = .replayed(sealedReply: rotation.sealedReply, successor: rotation.successor.digest)
    try await store.appendAuditEvents([sample.event(.tokenRefreshed, after: .milliseconds(history.events))])
    history.events += 1
  }

  private func torn(_ before: CrashCopy, _ after: CrashCopy, _ round: Int) -> CrashCopy {
    var generator = sample.random
    let noise = round % 2 == 0 ? sample.random.bytes(Int.random(in: 0...512, using: &generator)) : []
    return before.torn(in: after, at: Double.random(in: 0...1, using: &generator), noise: noise)
  }

  private func pages(of old: [UInt8], mixedWith new: [UInt8]) -> [UInt8] {
    var generator = sample.random
    var mixed = old
    for start in stride(from: 0, to: new.count, by: 4096) where Bool.random(using: &generator) {
      if mixed.count < start + 4096 { mixed += Array(repeating: 0, count: start + 4096 - mixed.count) }
      mixed.replaceSubrange(start..<(start + 4096), with: new[start..<(start + 4096)])
    }
    return mixed
  }

  private func checkCopy(_ copy: CrashCopy, holds history: History) async throws {
    let path = folder.newPath()
    try copy.write(to: path)
    let store = try SQLiteStore(patient: path)
    let verdict = try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    #expect(verdict == "ok")
    let events = try await store.auditEvents(tenant: nil, limit: .max)
    #expect(events.count >= history.events && events.count <= history.events + 1)
    let lastReply = try #require(history.presented)
    let newest = try #require(try await store.refreshToken(history.newest))
    if newest.rotatedAt == nil {
      let retry = sample.rotation(of: lastReply, in: history.family, at: sample.now + .seconds(30))
      #expect(try await store.rotateRefreshToken(retry) == history.reply)
    }
    // Nobody has to log in again: the newest acknowledged token works, whether or not its own exchange had got through.
    let rotation = sample.rotation(of: history.newest, in: history.family, at: sample.now + .seconds(40))
    switch try await store.rotateRefreshToken(rotation) {
    case .rotated, .replayed: break
    case let other: Issue.record("the newest token was answered \(other)")
    }
    try store.close()
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }
}
