import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct InitializeTranslationTests {
  private let translation = InitializeTranslation(
    client: LegacyClientProfileTests.profile("2025-06-18"), fallbackName: "time")

  private let discovered: JSONObject = [
    "resultType": "complete", "supportedVersions": ["2027-01-01", "2026-07-28"], "ttlMs": 1, "cacheScope": "public",
    "capabilities": [
      "tools": ["listChanged": true], "resources": ["subscribe": true], "logging": [:], "completions": [:],
      "extensions": ["io.modelcontextprotocol/tasks": [:]],
    ],
    "instructions": "Be kind.", "_meta": ["io.modelcontextprotocol/serverInfo": ["name": "s", "version": "2"]],
  ]

  @Test func everythingIsInItsPlace() {
    let expected: JSONValue = [
      "protocolVersion": "2025-06-18",
      "capabilities": [
        "tools": ["listChanged": true], "resources": ["subscribe": true], "logging": [:], "completions": [:],
      ],
      "serverInfo": ["name": "s", "version": "2"], "instructions": "Be kind.",
    ]
    #expect(translation.legacy(.object(discovered)) == expected)
  }

  @Test(arguments: [nil, ["io.modelcontextprotocol/serverInfo": ["name": "s"]]] as [JSONValue?])
  func aNamelessServerIsCalledByItsRoute(_ metadata: JSONValue?) {
    var discovered = discovered
    discovered["_meta"] = metadata
    #expect(translation.legacy(.object(discovered))?["serverInfo"] == ["name": "time", "version": "unknown"])
  }

  @Test(arguments: ["supportedVersions", "capabilities"])
  func anythingElseIsNoAnswer(_ key: String) {
    var discovered = discovered
    discovered[key] = nil
    #expect(translation.legacy(.object(discovered)) == nil)
    discovered[key] = ["2025-11-25"]
    #expect(translation.legacy(.object(discovered)) == nil)
  }
}
