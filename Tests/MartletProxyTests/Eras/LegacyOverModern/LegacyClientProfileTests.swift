import MCPProtocol
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletProxy

struct LegacyClientProfileTests {
  static func profile(
    _ revision: JSONValue = "2025-11-25", capabilities: JSONValue = [:],
    info: JSONValue = ["name": "c", "version": "1"]
  ) -> LegacyClientProfile {
    LegacyClientProfile(
      MCPRequest(
        id: .number(1), method: .initialize,
        params: ["protocolVersion": revision, "capabilities": capabilities, "clientInfo": info]))
  }

  @Test(arguments: [
    ("2025-03-26", ProtocolRevision.v20250326), ("2025-06-18", .v20250618), ("2025-11-25", .v20251125),
    ("2026-07-28", .v20251125), ("1999-01-01", .v20251125),
  ])
  func speaksWhatTheClientKnows(_ asked: String, _ revision: ProtocolRevision) {
    #expect(Self.profile(.string(asked)).revision == revision)
    #expect(Self.profile(7).revision == .latestLegacy)
  }

  @Test func leavesOutWhatDiffersBetweenTheEras() {
    let profile = Self.profile(capabilities: [
      "roots": ["listChanged": true, "x": 1], "tasks": [:], "elicitation": ["url": [:]],
      "extensions": ["io.modelcontextprotocol/tasks": [:], "com.example/a": [:]], "experimental": ["a": [:]],
    ])
    let expected: JSONValue = [
      "roots": ["x": 1], "elicitation": ["url": [:]], "extensions": ["com.example/a": [:]],
      "experimental": ["a": [:]],
    ]
    #expect(JSONValue.object(profile.capabilities) == expected)
  }

  @Test(arguments: [["name": "c"], ["version": "1"], [:], "c"] as [JSONValue])
  func leavesOutAnIncompleteName(_ info: JSONValue) {
    #expect(Self.profile(info: info).info == nil)
    #expect(Self.profile().info == ["name": "c", "version": "1"])
  }

  @Test func aSessionKnowsItsClient() {
    func session(_ body: String) -> BoundSession {
      BoundSession(
        KnownSession(
          MCPSession(
            digest: ArtefactKind.mcpSession.digest(Secret("mms_x")), binding: ProxyFixture.principal().binding,
            revision: .v20250326, initializeRequest: Array(body.utf8), upstreamSession: nil, upstreamURL: "",
            createdAt: Timestamp(seconds: 1), usedAt: Timestamp(seconds: 1))))
    }
    let said = session(
      #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{}}}}"#
    )
    for _ in 1...2 {
      #expect(said.client.revision == .v20250618 && said.client.capabilities == ["roots": [:]])
    }
    let unreadable = session("{")
    #expect(unreadable.client.revision == .v20250326 && unreadable.client.capabilities.isEmpty)
  }

  @Test func knowsNothingOfAClientWithoutSession() {
    let profile = LegacyClientProfile(revision: .v20250618)
    #expect(profile.revision == .v20250618 && profile.capabilities.isEmpty && profile.info == nil)
  }
}
