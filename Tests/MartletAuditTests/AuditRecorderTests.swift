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
    let recorder = AuditRecorder(store: store, chain: .test, clock: clock)
    for number in 0..<2_500 { recorder.record(event(number)) }
    try await recorder.flush()
    let written = try await store.auditEvents(tenant: nil, limit: 5_000)
    #expect(written.map(\.reason) == (0..<2_500).reversed().map { "number \($0)" })
  }

  @Test func A_08_aDurableRecordStandsAfterAllThatCameBefore() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test, clock: clock)
    recorder.record(event(1))
    try await recorder.recordDurably(event(2))
    #expect(try await store.auditEvents(tenant: nil, limit: 10).count == 2)
  }

  @Test func A_08_aDurableRecordThatCannotBeWrittenIsAnError() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test, clock: clock)
    store.fail(with: .unavailable("disk full"))
    await #expect(throws: StoreError.self) { try await recorder.recordDurably(event(1)) }
  }

  @Test func aFailedBatchWaitsAndIsWrittenLater() async throws {
    let store = MemoryStore()
    let recorder = AuditRecorder(store: store, chain: .test, clock: clock)
    recorder.record(event(1))
    store.fail(with: .unavailable("disk full"))
    await #expect(throws: StoreError.self) { try await recorder.flush() }
    #expect(recorder.failedSince != nil)
    store.fail(with: nil)
    recorder.record(event(2))
    try await recorder.flush()
    #expect(recorder.failedSince == nil)
    #expect(try await store.auditEvents(tenant: nil, limit: 10).map(\.reason) == ["number 2", "number 1"])
  }

  @Test func R_43_thereIsNoRoomBeforeAnythingIsLost() {
    let recorder = AuditRecorder(store: MemoryStore(), chain: .test, clock: clock, capacity: 100)
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
