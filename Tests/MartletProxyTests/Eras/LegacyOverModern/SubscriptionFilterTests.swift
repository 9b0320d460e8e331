import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct SubscriptionFilterTests {
  @Test func onlyWhatTheServerDeclaresIsAskedFor() {
    let filter = SubscriptionFilter([
      "tools": ["listChanged": true], "prompts": ["listChanged": false], "resources": [:],
    ])
    #expect(filter.notifications(watching: ["a:b"]) == ["toolsListChanged": true])
    #expect(filter.changes(watching: ["a:b"]) == [MCPNotification(method: .toolsListChanged)])
    #expect(!filter.isEmpty)
  }

  @Test func watchedResourcesAreAskedForWhereTheyCanBe() {
    let filter = SubscriptionFilter(["resources": ["subscribe": true]])
    #expect(filter.notifications(watching: []) == nil && !filter.isEmpty)
    #expect(filter.notifications(watching: ["a:b", "c"]) == ["resourceSubscriptions": ["a:b", "c"]])
    #expect(filter.changes(watching: ["c"]) == [MCPNotification(method: .resourcesUpdated, params: ["uri": "c"])])
  }

  @Test func aServerThatTellsOfNothing() {
    let filter = SubscriptionFilter(["tools": [:], "logging": [:]])
    #expect(filter.isEmpty && filter.notifications(watching: ["a"]) == nil)
    #expect(SubscriptionFilter.everything.notifications(watching: ["a"])?.count == 4)
  }
}
