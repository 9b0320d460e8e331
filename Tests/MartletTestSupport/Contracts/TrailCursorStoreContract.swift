import MartletDomain

/// What every `TrailCursorStore` must do.
public enum TrailCursorStoreContract {
  /// One process at a time tells a sink, from where the last one stopped.
  public static func oneTellsASink(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    try await store.appendAuditEvents([sample.event(.processStarted), sample.event(.loginFailed)])
    let (now, later) = (sample.now, sample.now + .seconds(30))
    try expect(try await store.lastAuditPosition(), is: 2)
    try expect(try await store.holdTrailCursor("file", by: "a", at: now, until: later), is: 2)
    try await store.appendAuditEvents([sample.event(.loginSucceeded), sample.event(.processStopped)])
    try expect(try await store.holdTrailCursor("file", by: "b", at: now, until: later), is: nil)
    try expect(try await store.holdTrailCursor("other", by: "b", at: now, until: later), is: 4)
    try expect(try await store.auditRecords(afterPosition: 2, limit: 1).map(\.position), is: [3])
    let records = try await store.auditRecords(afterPosition: 2, limit: 10)
    try expect(records.map(\.record.event?.action), is: [.loginSucceeded, .processStopped])
    try expect(records.map(\.record.head.sequence), is: [3, 4])
    try expect(try await store.advanceTrailCursor("file", by: "a", to: 3), is: true)
    try expect(try await store.advanceTrailCursor("file", by: "b", to: 4), is: false)
    // Who holds it may go on, who was late takes it over, and the one before notices.
    try expect(try await store.holdTrailCursor("file", by: "a", at: now, until: later), is: 3)
    try expect(try await store.holdTrailCursor("file", by: "b", at: later, until: later + .seconds(9)), is: 3)
    try expect(try await store.advanceTrailCursor("file", by: "a", to: 4), is: false)
    try await store.releaseTrailCursor("file", by: "a")
    try expect(try await store.holdTrailCursor("file", by: "a", at: later, until: later), is: nil)
    try await store.releaseTrailCursor("file", by: "b")
    try expect(try await store.holdTrailCursor("file", by: "a", at: later, until: later + .seconds(1)), is: 3)
    // What retention removes leaves a hole that can be counted.
    try await store.removeAuditEvents(before: .distantFuture, at: later, linkedBy: .test)
    try expect(try await store.auditRecords(afterPosition: 3, limit: 10).map(\.position), is: [5])
    try expect(try await store.lastAuditPosition(), is: 5)
  }
}
