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
