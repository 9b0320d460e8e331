import MartletDomain
import MartletTestSupport
import Synchronization
import Testing

@testable import MartletAudit

@Suite struct TrailShipperTests {
  private let clock = FakeClock()
  private let store = MemoryStore()
  private let sink = ScriptedSink()
  private let news = Collected<TrailShipper.News>()

  private func shipper(_ holder: String = "a") -> TrailShipper {
    let news = self.news
    return TrailShipper(sink: sink, store: store, holder: holder, clock: clock) { news.add($0) }
  }

  private func write(_ reasons: String...) async throws {
    try await store.appendAuditEvents(
      reasons.map { AuditEvent(at: clock.now(), action: .loginFailed, reason: $0) })
  }

  @Test func whatIsWrittenIsToldInOrderAndOnce() async throws {
    let shipper = shipper()
    try await write("before the sink was there")
    _ = await shipper.round()
    try await write("1", "2")
    _ = await shipper.round()
    try await write("3")
    _ = await shipper.round()
    _ = await shipper.round()
    #expect(sink.told == ["1", "2", "3"])
    #expect(shipper.progress.lag == 0 && shipper.progress.told == 3)
  }

  @Test func aSinkOfSomeTenantsIsToldTheirsInOrder() async throws {
    let shipper = TrailShipper(sink: sink, of: ["acme", "globex"], store: store, holder: "a", clock: clock) { _ in }
    _ = await shipper.round()
    for (tenant, reason) in [("acme", "1"), ("other", "2"), ("globex", "3"), ("acme", "4"), ("other", "5")] {
      try await store.appendAuditEvents([
        AuditEvent(at: clock.now(), action: .loginFailed, tenant: TenantID(tenant), reason: reason)
      ])
    }
    sink.fail(true)
    _ = await shipper.round()
    sink.fail(false)
    _ = await shipper.round()
    try await write("nobody's")
    _ = await shipper.round()
    #expect(sink.told == ["1", "3", "4"])
    #expect(shipper.progress.lag == 0 && shipper.progress.told == 3)
  }

  @Test func afterAFailureItIsTriedAgainLaterAndLater() async throws {
    let shipper = shipper()
    _ = await shipper.round()
    try await write("1", "2")
    sink.fail(true)
    let pauses = [await shipper.round(), await shipper.round(), await shipper.round()]
    #expect(pauses == [.seconds(1), .seconds(2), .seconds(4)])
    #expect(shipper.progress.isFailing && shipper.progress.lag == 2)
    sink.fail(false)
    _ = await shipper.round()
    #expect(sink.told == ["1", "2"])
    #expect(news.all == [.failed(ScriptedSink.failure), .recovered], "said once")
  }

  @Test func anotherProcessGoesOnWhereThisOneStopped() async throws {
    let (first, second) = (shipper(), shipper("b"))
    _ = await first.round()
    try await write("1")
    _ = await second.round()
    #expect(sink.told.isEmpty, "the first has it")
    _ = await first.round()
    try await write("2")
    clock.advance(by: .seconds(11))
    _ = await second.round()
    #expect(sink.told == ["1", "2"])
    _ = await first.round()
    try await write("3")
    await second.close()
    _ = await first.round()
    #expect(sink.told == ["1", "2", "3"])
  }

  @Test func whatRetentionTookIsCounted() async throws {
    let shipper = shipper()
    _ = await shipper.round()
    try await write("1", "2", "3")
    clock.advance(by: .seconds(5))
    try await store.removeAuditEvents(before: clock.now(), at: clock.now(), linkedBy: .test)
    sink.fail(true)
    _ = await shipper.round()
    sink.fail(false)
    _ = await shipper.round()
    #expect(shipper.progress.missed == 3)
    #expect(news.all.filter { $0 == .missed(3) }.count == 1)
  }
}

/// Remembers what it was told, or fails.
private final class ScriptedSink: TrailSink {
  static let failure = TrailSinkFailure("down", advice: "start it")
  private let state = Mutex((told: [String](), fails: false))

  var name: String { "scripted" }
  var told: [String] { state.withLock { $0.told } }
  func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

  func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure) {
    let fails = state.withLock { state in
      if !state.fails { state.told += records.compactMap(\.record.event?.reason) }
      return state.fails
    }
    if fails { throw Self.failure }
  }
}

private final class Collected<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])
  var all: [Element] { elements.withLock { $0 } }
  func add(_ element: Element) { elements.withLock { $0.append(element) } }
}
