import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletAudit

/// What somebody with the store but without the key can do to a trail, and that each shows.
@Suite struct TrailVerifierTests {
  private let store = MemoryStore()
  private let sample = Sample()

  private func write(_ count: Int) async throws {
    let events = (0..<count).map { number in
      AuditEvent(at: sample.now + .seconds(number), action: .exchangeForwarded, reason: "number \(number)")
    }
    try await store.appendAuditEvents(events)
  }

  private func findings(_ anchors: [AuditAnchor] = []) async throws -> [TrailFinding] {
    try await TrailVerifier(store: store, chain: .test).verify(against: anchors).flatMap(\.findings)
  }

  private func anchor() async throws -> AuditAnchor {
    let trail = try #require(try await store.auditTrails().first)
    return AuditAnchor(tenant: trail.tenant, head: trail.head, at: sample.now)
  }

  @Test func A_05_anUntouchedTrailIsWhole() async throws {
    try await write(2_500)
    let report = try #require(try await TrailVerifier(store: store, chain: .test).verify(against: [anchor()]).first)
    #expect(report.findings.isEmpty)
    #expect((report.count, report.first, report.last, report.anchors) == (2_500, 1, 2_500, 1))
  }

  @Test func A_05_anAlteredRecordIsNamed() async throws {
    try await write(9)
    try store.tamper { $0[4] = AuditRecord(head: $0[4].head, event: sample.event(.loginFailed)) }
    #expect(try await findings() == [.altered(sequence: 5)])
  }

  @Test func A_05_swappedRecordsAreNamed() async throws {
    try await write(9)
    try store.tamper { records in
      let (third, fourth) = (records[2], records[3])
      records[2] = AuditRecord(head: third.head, event: fourth.event)
      records[3] = AuditRecord(head: fourth.head, event: third.event)
    }
    #expect(try await findings() == [.altered(sequence: 3), .altered(sequence: 4)])
  }

  @Test func A_05_removedRecordsAreNamed() async throws {
    try await write(9)
    try store.tamper { $0.removeSubrange(3...5) }
    #expect(try await findings() == [.missing(from: 4, through: 6)])
  }

  @Test func A_05_aDoubledRecordIsNamed() async throws {
    try await write(9)
    try store.tamper { $0.insert($0[3], at: 4) }
    #expect(try await findings() == [.repeated(sequence: 4)])
  }

  @Test func A_05_aCutEndIsNamed() async throws {
    try await write(9)
    try store.tamper { $0.removeLast(2) }
    #expect(try await findings() == [.endCut(recorded: 9, found: 7)])
  }

  @Test func A_05_aRecordBehindTheEndIsNamed() async throws {
    try await write(9)
    try store.tamper { records in
      let head = AuditHead(sequence: 10, digest: [UInt8](repeating: 1, count: 32))
      records.append(AuditRecord(head: head, event: sample.event(.loginSucceeded)))
    }
    #expect(try await findings() == [.addedBehind(sequence: 10)])
  }

  /// Whoever cuts the end and the store's memory of it leaves a chain that is right in itself.
  @Test func A_04_anOldCopyShowsAgainstAnAnchor() async throws {
    try await write(9)
    let kept = try await anchor()
    store.restartTrails()
    try await write(7)
    #expect(try await findings().isEmpty)
    #expect(try await findings([kept]) == [.cutAfterAnchor(anchored: 9, found: 7)])
  }

  @Test func A_04_aTrailWrittenAnewShowsAgainstAnAnchor() async throws {
    try await write(9)
    let kept = try await anchor()
    store.restartTrails()
    try await store.appendAuditEvents((0..<12).map { _ in sample.event(.loginSucceeded) })
    #expect(try await findings([kept]) == [.anchorMismatch(sequence: 9)])
  }

  @Test func A_04_aTrailThatIsGoneShowsAgainstAnAnchor() async throws {
    try await write(9)
    let kept = try await anchor()
    store.restartTrails()
    #expect(try await findings([kept]) == [.cutAfterAnchor(anchored: 9, found: 0)])
  }

  @Test func A_13_whatRetentionRemovesIsNoFinding() async throws {
    try await write(9)
    let kept = try await anchor()
    try await store.removeAuditEvents(before: sample.now + .seconds(4), at: sample.now + .seconds(99), linkedBy: .test)
    #expect(try await findings([kept]).isEmpty)
    try await write(3)
    #expect(try await findings([kept]).isEmpty)
  }

  @Test func A_05_aCutBeginningIsNamed() async throws {
    try await write(9)
    try store.trimUnseen(through: 3)
    #expect(try await findings() == [.beginningCut(through: 3)])
  }

  @Test func A_04_anAnchorIsALine() throws {
    let anchor = AuditAnchor(
      tenant: "acme", head: AuditHead(sequence: 7, digest: [UInt8](repeating: 9, count: 32)), at: sample.now)
    #expect(AuditAnchor(line: anchor.line.dropLast()) == anchor)
    #expect(AuditAnchor(line: anchor.line.prefix(20)) == nil)
  }
}
