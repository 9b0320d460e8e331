import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct ResultTranslationTests {
  private func legacy(_ result: JSONValue, _ method: MCPMethod = .toolsList) -> JSONValue {
    ResultTranslation(revision: .latestLegacy).legacy(result, of: method)
  }

  @Test(
    arguments: [
      (.v20241105, ["text", "text", "resource", "future"]), (.v20250326, ["text", "audio", "resource", "future"]),
      (.v20250618, ["resource_link", "audio", "resource", "future"]),
    ] as [(ProtocolRevision, [String])])
  func contentThatTheRevisionDoesNotHaveBecomesText(revision: ProtocolRevision, types: [String]) {
    let blocks: [JSONValue] = [
      [
        "type": "resource_link", "uri": "a:b", "name": "n", "title": "Title", "description": "About",
        "annotations": ["priority": 1],
      ],
      ["type": "audio", "mimeType": "audio/wav", "data": "AAAA"], ["type": "resource"], ["type": "future"],
    ]
    let translation = ResultTranslation(revision: revision)
    let result = translation.legacy(["content": .array(blocks)], of: .toolsCall)
    let messages = translation.legacy(
      ["messages": .array(blocks.map { ["role": "user", "content": $0] })], of: .promptsGet)
    #expect(result["content"]?.arrayValue?.map { $0["type"]?.stringValue } == types)
    #expect(messages["messages"]?.arrayValue?.map { $0["content"] } == result["content"]?.arrayValue)
    guard types[0] == "text" else { return }
    #expect(
      result["content"]?.arrayValue?.first
        == ["type": "text", "text": "Title: a:b\nAbout", "annotations": ["priority": 1]])
  }

  @Test func whatOnlyModernKnowsGoes() {
    let result: JSONValue = [
      "resultType": "complete", "ttlMs": 1, "cacheScope": "public", "prompts": [], "nextCursor": "c",
      "_meta": ["io.modelcontextprotocol/serverInfo": [:], "io.modelcontextprotocol/subscriptionId": 1, "a/b": 2],
    ]
    #expect(legacy(result, .promptsList) == ["prompts": [], "nextCursor": "c", "_meta": ["a/b": 2]])
    #expect(legacy(["_meta": ["io.modelcontextprotocol/serverInfo": [:]]], .ping) == [:])
  }

  @Test func onlyTheFirstLevelIsTouched() {
    let result: JSONValue = ["content": [], "structuredContent": ["ttlMs": 1, "resultType": "x"]]
    #expect(legacy(result, .toolsCall) == result)
  }

  @Test func toolsWithBrokenAnnotationsAreLeftOut() {
    let good: JSONValue = ["name": "g", "inputSchema": ["properties": ["a": ["type": "string", "x-mcp-header": "A"]]]]
    let bad: JSONValue = ["name": "b", "inputSchema": ["properties": ["a": ["type": "number", "x-mcp-header": "A"]]]]
    #expect(legacy(["tools": [bad, good]]) == ["tools": [good]])
    #expect(legacy(["tools": [bad]], .promptsList) == ["tools": [bad]])
  }

  @Test func schemasThatDescribeNoObjectAreLeftOut() {
    let tool: JSONValue = ["name": "t", "outputSchema": ["type": "array"]]
    #expect(legacy(["tools": [tool]]) == ["tools": [["name": "t"]]])
    let fine: JSONValue = ["tools": [["name": "t", "outputSchema": ["type": "object"]]]]
    #expect(legacy(fine) == fine)
  }

  @Test func structuredContentThatIsNoObjectBecomesText() {
    let bare: JSONValue = ["structuredContent": [1, "ä"]]
    #expect(legacy(bare, .toolsCall) == ["content": [["type": "text", "text": "[1,\"ä\"]"]]])
    let told: JSONValue = ["content": [["type": "text", "text": "x"]], "structuredContent": 1]
    #expect(legacy(told, .toolsCall) == ["content": [["type": "text", "text": "x"]]])
  }
}

struct NotificationTranslationTests {
  @Test func tagsGo() {
    let tag: JSONValue = ["io.modelcontextprotocol/subscriptionId": "7"]
    let bare = MCPNotification(method: .toolsListChanged, params: ["_meta": tag])
    #expect(NotificationTranslation.legacy(bare) == MCPNotification(method: .toolsListChanged))
    let updated = MCPNotification(method: .resourcesUpdated, params: ["uri": "a:b", "_meta": tag])
    #expect(
      NotificationTranslation.legacy(updated) == MCPNotification(method: .resourcesUpdated, params: ["uri": "a:b"]))
  }

  @Test(arguments: [MCPMethod.subscriptionsAcknowledged, .tasksNotification, .cancelled])
  func whatLegacyDoesNotHaveIsDropped(_ method: MCPMethod) {
    #expect(NotificationTranslation.legacy(MCPNotification(method: method)) == nil)
  }
}
