import MartletDomain
import StrictCoding
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
    for event in events { tally.add(event) }
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

  @Test func durationsCountForEveryBoundThatHoldsThem() {
    var histogram = DurationHistogram()
    for milliseconds in [0, 5, 6, 60_000, 60_001] { histogram.add(.milliseconds(milliseconds)) }
    #expect(histogram.counts == [2] + [Int](repeating: 3, count: DurationHistogram.bounds.count - 2) + [4])
    #expect(histogram.count == 5 && histogram.sum == .milliseconds(120_012))
  }
}
