import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct ListenFilterTests {
  private func filter(_ json: JSONValue) -> ListenFilter? { ListenFilter(params: ["notifications": json]) }

  @Test func everyKindIsRead() throws {
    let all: JSONValue = [
      "toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
      "resourceSubscriptions": ["a:b", "a:c", "a:b"],
    ]
    let read = try #require(filter(all))
    #expect(read.resources == ["a:b", "a:c"])
    #expect(read.listChanges == [.toolsListChanged, .promptsListChanged, .resourcesListChanged])
    #expect(try #require(filter(["toolsListChanged": false, "other": 1])).isEmpty)
  }

  @Test(
    arguments: [
      [], ["toolsListChanged": 1], ["resourceSubscriptions": "a:b"], ["resourceSubscriptions": [1]],
      ["resourceSubscriptions": .array((0...64).map { .string("a:\($0)") })],
    ] as [JSONValue])
  func theWrongShapeIsNone(json: JSONValue) { #expect(filter(json) == nil) }

  @Test func aServerIsHeldToWhatItDeclared() throws {
    let wanted = try #require(
      filter(["toolsListChanged": true, "promptsListChanged": true, "resourceSubscriptions": ["a:b"]]))
    let server = LegacyServer(
      initialize: ["capabilities": ["tools": ["listChanged": true], "prompts": [:]]], hasSession: true)
    #expect(wanted.offered(by: server).json == ["toolsListChanged": true])
  }

  @Test(arguments: [
    ("file:///a", true), ("file:///a/b", true), ("file:///a?x", true), ("file:///ab", false), ("file:///", false),
    ("dir:///d/x", true), ("dir:///d", false),
  ])
  func aResourceBelowAWatchedOneCounts(uri: String, counts: Bool) throws {
    let watched = try #require(filter(["resourceSubscriptions": ["file:///a", "dir:///d/"]]))
    let updated = MCPNotification(method: .resourcesUpdated, params: ["uri": .string(uri)])
    #expect(watched.admits(updated) == counts)
    #expect(!watched.admits(MCPNotification(method: .resourcesListChanged)))
  }

  @Test func messagesCarryTheTag() {
    let subscription = Subscription(id: .string("listen-1"))
    let tagged = subscription.tagged(
      MCPNotification(method: .resourcesUpdated, params: ["uri": "a:b", "_meta": ["x/y": 1]]))
    #expect(tagged.params?["_meta"] == ["x/y": 1, "io.modelcontextprotocol/subscriptionId": "listen-1"])
    #expect(subscription.end.result?["_meta"] == ["io.modelcontextprotocol/subscriptionId": "listen-1"])
  }
}
