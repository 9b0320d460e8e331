import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletAudit

@Suite struct AuditRecorderTests {
  private let clock = FakeClock()

  private func event(_ number: Int) -> AuditEvent {
    AuditEvent(at: clock.now() + .milliseconds(number), action: .exchangeForwarded, reason: "number \(number)")
  }

  @Test func whatWaitsIsWrittenInOrder() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    for number in 0..<2_500 { recorder.record(event(number)) }
    try await recorder.flush()
    let written = try await store.auditEvents(tenant: nil, limit: 5_000)
    #expect(written.map(\.reason) == (0..<2_500).reversed().map { "number \($0)" })
  }

  @Test func A_08_aDurableRecordStandsAfterAllThatCameBefore() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    recorder.record(event(1))
    try await recorder.recordDurably(event(2))
    #expect(try await store.auditEvents(tenant: nil, limit: 10).count == 2)
  }

  @Test func A_08_aDurableRecordThatCannotBeWrittenIsAnError() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    store.fail(with: .unavailable("disk full"))
    await #expect(throws: StoreError.self) { try await recorder.recordDurably(event(1)) }
  }

  @Test func aFailedBatchWaitsAndIsWrittenLater() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    recorder.record(event(1))
    store.fail(with: .unavailable("disk full"))
    await #expect(throws: StoreError.self) { try await recorder.flush() }
    #expect(recorder.failure != nil)
    store.fail(with: nil)
    recorder.record(event(2))
    try await recorder.flush()
    #expect(recorder.failure == nil)
    #expect(try await store.auditEvents(tenant: nil, limit: 10).map(\.reason) == ["number 2", "number 1"])
  }

  /// However often the store refuses, and whatever comes meanwhile.
  @Test(arguments: [1, 90, 1_700]) func whatWaitsThroughAnOutageKeepsItsOrder(each: Int) async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    store.fail(with: .unavailable("disk full"))
    var number = 0
    for _ in 0..<9 {
      for _ in 0..<each {
        recorder.record(event(number))
        number += 1
      }
      await #expect(throws: StoreError.self) { try await recorder.flush() }
      #expect(recorder.waitingEvents == number)
    }
    recorder.record(event(number))
    store.fail(with: nil)
    try await recorder.flush()
    #expect(recorder.waitingEvents == 0 && recorder.lostEvents == 0)
    let written = try await store.auditEvents(tenant: nil, limit: 50_000)
    #expect(written.map(\.reason) == (0...number).reversed().map { "number \($0)" })
    #expect(try await store.auditTrails().map(\.head.sequence) == [Int64(number) + 1])
  }

  /// The memory of batches that were written is used for others.
  @Test func batchesAreUsedAgain() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test)
    var expected: [String?] = []
    for round in 0..<12 {
      for number in 0..<(round % 3 == 0 ? 4_321 : 7) {
        recorder.record(event(round * 10_000 + number))
        expected.append("number \(round * 10_000 + number)")
      }
      if round % 4 != 1 { try await recorder.flush() }
    }
    try await recorder.flush()
    let written = try await store.auditRecords(of: .default, after: 0, limit: 50_000)
    #expect(written.map(\.event?.reason) == expected)
  }

  @Test func R_43_thereIsNoRoomBeforeAnythingIsLost() {
    let recorder = AuditRecorder(store: MemoryStore(), chain: .test, capacity: 100)
    for number in 0..<89 { recorder.record(event(number)) }
    #expect(recorder.hasRoom)
    recorder.record(event(89))
    #expect(!recorder.hasRoom)
    for number in 90..<100 { recorder.record(event(number)) }
    #expect(recorder.lostEvents == 0)
    recorder.record(event(100))
    #expect(recorder.lostEvents == 1)
  }
}
