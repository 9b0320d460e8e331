import MartletDomain
import StrictCoding
import MartletTestSupport
import Testing

@Suite struct CallTallyTests {
  /// Every seventh alike, others differing in one thing each.
  private var events: [AuditEvent] {
    (0..<60).map { number in
      var event = AuditEvent(
        at: Timestamp(milliseconds: 60_000), action: .exchangeForwarded, tenant: "a", client: "c", route: "/r",
        method: "tools/call", target: "t", status: 200, duration: .milliseconds(number))
      switch number % 7 {
      case 1: event.tenant = "b"
      case 2: event.client = nil
      case 3: event.route = "/s"
      case 4: event.target = "u"
      case 5: event.at = Timestamp(milliseconds: 120_001)
      case 6: event.action = number % 2 == 0 ? .exchangeRefused : .tokenIssued
      default: break
      }
      return event
    }
  }

  private func sums(of events: [AuditEvent]) -> Set<CallSum> {
    var tally = CallTally()
    tally.add(AuditBatch(events))
    return Set(tally.sums)
  }

  @Test func orderChangesNoSum() {
    let sorted = events.enumerated().sorted { ($0.offset % 7, $0.offset) < ($1.offset % 7, $1.offset) }.map(\.element)
    let found = sums(of: events)
    #expect(found == sums(of: sorted))
    #expect(found.count == 6)
    #expect(found.reduce(0) { $0 + $1.calls } == events.count { $0.action != .tokenIssued })
    #expect(found.reduce(0) { $0 + $1.refused } == events.count { $0.action == .exchangeRefused })
  }

  /// Whoever comes in between, each is known by the latest time; who was refused didn't come through.
  @Test func orderChangesNoUse() {
    let events = (0..<60).map { number in
      var event = AuditEvent(
        at: Timestamp(milliseconds: 100_000 - Int64(number)), action: .exchangeForwarded, tenant: "a",
        subject: "s\(number % 3)", client: "c", route: "/r", method: "tools/call", target: "t\(number % 2)", status: 200
      )
      if number % 5 == 0 { event.action = .exchangeRefused }
      if number % 7 == 0 { event.client = nil }
      return event
    }
    for events in [events, events.reversed(), events.sorted { ($0.subject ?? "") < ($1.subject ?? "") }] {
      var tally = CallTally()
      tally.add(AuditBatch(events))
      let latest = Dictionary(
        events.filter { $0.action == .exchangeForwarded && $0.client != nil }.map { ($0.subject ?? "", $0.at) },
        uniquingKeysWith: max)
      let found = tally.uses.map { use, time in (use.subject.string, time) }
      #expect(Dictionary(uniqueKeysWithValues: found) == latest && latest.count == 3)
      #expect(tally.uses.keys.allSatisfy { $0.tenant == "a" && $0.client == "c" && $0.route == "/r" })
    }
  }

  @Test func durationsCountForEveryBoundThatHoldsThem() {
    var histogram = DurationHistogram()
    for milliseconds in [0, 5, 6, 60_000, 60_001] { histogram.add(.milliseconds(milliseconds)) }
    #expect(histogram.counts == [2] + [Int](repeating: 3, count: DurationHistogram.bounds.count - 2) + [4])
    #expect(histogram.count == 5 && histogram.sum == .milliseconds(120_012))
  }

  @Test func percentilesOfOneCallAreExact() {
    for microseconds in [0, 400, 5_000, 11_000, 24_999, 2_700_000, 59_000_000] {
      var histogram = DurationHistogram()
      histogram.add(.microseconds(microseconds))
      for part in [0, 0.5, 0.95, 0.99, 1] {
        let read = histogram.quantile(part) ?? .seconds(-1)
        #expect(abs(read.wholeNanoseconds - Int64(microseconds) * 1000) <= 1_000, "\(microseconds) µs at \(part)")
      }
    }
    #expect(DurationHistogram().quantile(0.5) == nil)
  }

  /// However many there are, what is read lies between the same bounds as the nearest rank does.
  @Test(arguments: [1, 2, 3, 7, 20, 99, 1_000]) func percentilesLieBetweenTheTrueOnesBounds(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    for round in 0..<50 {
      // From quick to slow, most of them near each other.
      let most = [4_000, 30_000, 900_000, 40_000_000][round % 4]
      let all = (0..<count).map { _ in Int.random(in: 0...most, using: &generator) }.sorted()
      var histogram = DurationHistogram()
      for microseconds in all { histogram.add(.microseconds(microseconds)) }
      for part in [0.01, 0.5, 0.95, 0.99] {
        let true_ = all[max(1, Int((Double(count) * part).rounded(.up))) - 1]
        let read = Int((histogram.quantile(part) ?? .zero).wholeNanoseconds / 1000)
        let bounds = [0] + DurationHistogram.bounds.map { $0.milliseconds * 1000 }
        let upper = bounds.firstIndex { true_ <= $0 && $0 > 0 } ?? bounds.count - 1
        #expect((bounds[upper - 1]...bounds[upper]).contains(read), "\(true_) µs was read as \(read) at \(part)")
      }
    }
  }

  @Test func manyAlikeAreReadAsWhatTheyTook() {
    var histogram = DurationHistogram()
    for _ in 0..<9 { histogram.add(.milliseconds(11)) }
    let read = histogram.quantile(0.99)?.milliseconds ?? 0
    #expect((10...12).contains(read), "\(read)")
  }
}
