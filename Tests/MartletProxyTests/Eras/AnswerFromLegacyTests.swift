import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct AnswerFromLegacyTests {
  static let server = LegacyServer(
    initialize: ["serverInfo": ["name": "old", "version": "1"], "capabilities": ["tools": [:]]], hasSession: true)

  private func answer(
    _ outcome: MCPResponse.Outcome, _ method: MCPMethod = .toolsCall, declared: JSONObject = [:],
    missing: [ClientFeatures.Feature] = []
  ) -> ModernAnswer {
    AnswerFromLegacy(server: Self.server, features: ClientFeatures(declared), method: method)
      .modern(outcome, missing: missing)
  }

  private func error(_ code: Int64, data: JSONValue? = nil) -> MCPResponse.Outcome {
    .error(MCPResponse.Failure(code: JSONRPCErrorCode(rawValue: code), message: "no", data: data))
  }

  private func code(_ answer: ModernAnswer) -> Int64? {
    if case .error(let failure) = answer.outcome { failure.code.rawValue } else { nil }
  }

  private func result(_ answer: ModernAnswer) -> JSONValue? {
    if case .result(let value) = answer.outcome { value } else { nil }
  }

  @Test func resultsAreFinalAndSayWhose() {
    let found = result(answer(.result(["content": [], "resultType": "task", "_meta": ["a/b": 1]])))
    #expect(found?["resultType"] == "complete")
    #expect(found?["_meta"] == ["a/b": 1, "io.modelcontextprotocol/serverInfo": ["name": "old", "version": "1"]])
    #expect(found?["ttlMs"] == nil)
  }

  @Test(arguments: [
    MCPMethod.toolsList, .promptsList, .resourcesList, .resourcesTemplatesList, .resourcesRead,
  ])
  func listsAndReadsAreTheirCallersAlone(method: MCPMethod) {
    let found = result(answer(.result(["cacheScope": "public", "ttlMs": 1_000_000]), method))
    #expect(found?["cacheScope"] == "private" && found?["ttlMs"] == 0)
  }

  @Test func aResultThatIsNoObjectIsAnError() { #expect(code(answer(.result([1]))) == -32603) }

  @Test(
    arguments: [
      (-32002, -32602, 400), (-32601, -32601, 404), (-32602, -32602, 400), (-32000, -32000, 200), (-32020, -32603, 200),
      (-32021, -32603, 200), (-32022, -32603, 200), (-32099, -32603, 200), (-32603, -32603, 200), (1, 1, 200),
      (-31002, -31002, 429),
    ] as [(Int64, Int64, Int)])
  func codesKeepTheirSense(legacy: Int64, modern: Int64, status: Int) {
    let found = answer(error(legacy, data: ["kept": true]))
    #expect(code(found) == modern && found.status == status)
    if case .error(let failure) = found.outcome { #expect(failure.data == ["kept": true] && failure.message == "no") }
  }

  @Test func pagesToOpenAreAskedForWhereTheClientCan() {
    let page: JSONValue = ["mode": "url", "elicitationId": "e", "url": "https://a.example/", "message": "m"]
    let legacy = error(-32042, data: ["elicitations": [page, ["mode": "url"]]])
    let asked = result(answer(legacy, declared: ["elicitation": ["url": [:]]]))
    #expect(asked?["resultType"] == "input_required" && asked?["requestState"] == nil)
    #expect(
      asked?["inputRequests"] == [
        "page-1": [
          "method": "elicitation/create", "params": ["mode": "url", "message": "m", "url": "https://a.example/"],
        ]
      ])
    let refused = answer(legacy, declared: ["elicitation": [:]])
    #expect(code(refused) == -32021 && refused.status == 400)
    #expect(code(answer(legacy, .toolsList, declared: ["elicitation": ["url": [:]]])) == -32603)
    #expect(code(answer(error(-32042), declared: ["elicitation": ["url": [:]]])) == -32603)
  }

  @Test func aFailureForWantOfACapabilityNamesIt() {
    for failed in [error(-32603), .result(["content": [], "isError": true])] {
      let found = answer(failed, missing: [.sampling, .roots])
      #expect(code(found) == -32021 && found.status == 400)
      guard case .error(let failure) = found.outcome else { continue }
      #expect(failure.data == ["requiredCapabilities": ["sampling": [:], "roots": [:]]])
    }
    #expect(result(answer(.result(["content": []]), missing: [.sampling]))?["resultType"] == "complete")
  }

  @Test func whatAServerWithoutSessionCantTellIsNotPromised() {
    let told: JSONValue = [
      "capabilities": [
        "tools": ["listChanged": true], "resources": ["subscribe": true, "listChanged": false, "other": 1],
        "tasks": [:], "logging": [:], "completions": [:],
      ]
    ]
    #expect(
      LegacyServer(initialize: told, hasSession: true).capabilities == [
        "tools": ["listChanged": true], "resources": ["subscribe": true], "logging": [:], "completions": [:],
      ])
    #expect(
      LegacyServer(initialize: told, hasSession: false).capabilities == [
        "tools": [:], "resources": [:], "logging": [:], "completions": [:],
      ])
    #expect(LegacyServer(initialize: nil, hasSession: true).discovery["supportedVersions"] == ["2026-07-28"])
  }
}
