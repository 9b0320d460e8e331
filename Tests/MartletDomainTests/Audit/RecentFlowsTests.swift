import MartletDomain
import MartletTestSupport
import Testing

struct RecentFlowsTests {
  private let clock = FakeClock()
  private let time = RouteID(server: "time")

  private func memory(capacity: Int = 10_000) -> RecentFlows {
    RecentFlows(clock: clock, random: SeededRandom(), capacity: capacity)
  }

  @Test func oneAttemptIsOneFlow() {
    let flows = memory()
    let probe = flows.flow(address: "192.0.2.1", client: nil, route: time)
    #expect(flows.flow(address: "192.0.2.1", client: nil, route: nil) == probe)
    #expect(flows.flow(address: "192.0.2.1", client: "app", route: nil) == probe)
    // The browser comes from elsewhere, and names the client.
    #expect(flows.flow(address: "198.51.100.2", client: "app", route: time) == probe)
  }

  @Test func whoeverIsElsewhereOrAnotherIsAnotherFlow() {
    let flows = memory()
    let first = flows.flow(address: "192.0.2.1", client: "app", route: time)
    #expect(flows.flow(address: "192.0.2.2", client: nil, route: nil) != first)
    #expect(flows.flow(address: "192.0.2.1", client: "other", route: nil) != first)
    #expect(flows.flow(address: "192.0.2.1", client: "app", route: time) == first)
  }

  /// One client id for everybody: a metadata document, or a registration that was asked for twice.
  @Test func peopleWhoShareAClientHaveFlowsOfTheirOwn() {
    let flows = memory()
    let alice = flows.flow(address: "192.0.2.1", client: nil, route: time)
    #expect(flows.attempt(address: "192.0.2.1", client: "app", route: time) == alice)
    let bob = flows.flow(address: "198.51.100.2", client: nil, route: time)
    #expect(bob != alice)
    #expect(flows.attempt(address: "198.51.100.2", client: "app", route: time) == bob)
    #expect(flows.attempt(address: "198.51.100.2", client: "app", route: time) == bob, "one browser asks twice")
    let carol = flows.attempt(address: "203.0.113.3", client: "app", route: time)
    #expect(carol != alice && carol != bob)
  }

  @Test func whoeverProbesAfterAnAttemptBeginsAnother() {
    let flows = memory()
    let first = flows.flow(address: "192.0.2.1", client: nil, route: time)
    _ = flows.attempt(address: "192.0.2.1", client: "app", route: time)
    let second = flows.flow(address: "192.0.2.1", client: nil, route: time)
    #expect(second != first)
    #expect(flows.flow(address: "192.0.2.1", client: "other", route: nil) == second)
  }

  @Test func aSightingCountsForTenMinutes() {
    let flows = memory()
    let first = flows.flow(address: "192.0.2.1", client: "app", route: nil)
    clock.advance(by: .seconds(599))
    #expect(flows.flow(address: "192.0.2.1", client: "app", route: nil) == first)
    clock.advance(by: .seconds(600))
    #expect(flows.flow(address: "192.0.2.1", client: "app", route: nil) != first)
  }

  @Test func memoryIsBounded() {
    let flows = memory(capacity: 100)
    for index in 0..<10_000 {
      clock.advance(by: .milliseconds(1))
      _ = flows.flow(address: "a\(index)", client: ClientID("c\(index)"), route: nil)
      #expect(flows.count <= 100)
    }
    let latest = flows.flow(address: "a9999", client: nil, route: nil)
    #expect(flows.flow(address: "b", client: "c9999", route: nil) == latest)
  }
}
