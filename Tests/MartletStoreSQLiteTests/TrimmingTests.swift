import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletStoreSQLite

/// Old records go without anybody who has to write waiting for long.
@Suite struct TrimmingTests {
  let folder = ScratchFolder()
  let sample = Sample(seed: 13)

  @Test func A_13_manyOldRecordsAreRemovedInSteps() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    try await store.appendAuditEvents((1...250).map { sample.event(.tokenIssued, after: .seconds($0)) })
    let time = sample.now + .seconds(240)
    let later = sample.now + .seconds(900)
    for (end, isDone) in [(Int64(100), false), (200, false), (239, true), (239, true)] {
      let answer = try await store.removeSomeAuditEvents(before: time, [:], at: later, linkedBy: .test, step: 100)
      #expect(answer == isDone)
      #expect(try await store.auditTrails().map(\.trimmed.sequence) == [end])
    }
    let left = try await store.auditRecords(of: .default, after: 0, limit: 300)
    #expect(left.map(\.head.sequence) == Array(240...253), "each step says through which number")
    #expect(left.suffix(3).map { $0.event?.target } == ["100", "200", "239"])
  }

  @Test func A_13_allStepsAreTaken() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let count = 230_000
    for start in stride(from: 0, to: count, by: 10_000) {
      try await store.appendAuditEvents((0..<10_000).map { _ in sample.event(.tokenIssued, after: .seconds(start)) })
    }
    try await store.removeAuditEvents(before: .distantFuture, [:], at: sample.now, linkedBy: .test)
    #expect(try await store.auditTrails().allSatisfy { $0.trimmed.sequence >= Int64(count) })
  }
}
