import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct LegacyRequestTests {
  private func request(_ params: JSONObject, _ method: MCPMethod = .toolsCall) -> MCPRequest {
    MCPRequest(id: .string("mine"), method: method, params: params)
  }

  @Test func whatIsTheModernErasOwnIsTakenOut() {
    let metadata: JSONObject = [
      MetadataKey.protocolVersion: "2026-07-28", MetadataKey.clientCapabilities: [:], MetadataKey.clientInfo: [:],
      MetadataKey.logLevel: "info", "io.modelcontextprotocol/unheard-of": 1, "example.com/kept": 2, "traceparent": "00",
    ]
    let translated = LegacyRequest.translate(
      request(["name": "t", "requestState": "s", "inputResponses": [:], "other": 3, "_meta": .object(metadata)]),
      id: .number(7))
    #expect(translated.id == .number(7))
    #expect(translated.params == ["name": "t", "other": 3, "_meta": ["example.com/kept": 2, "traceparent": "00"]])
    #expect(translated.encoded() == MCPMessage.request(translated).encoded())
  }

  @Test func nothingIsLeftOfParametersThatWereMetadataOnly() {
    let metadata: JSONObject = [MetadataKey.protocolVersion: "2026-07-28"]
    let translated = LegacyRequest.translate(request(["_meta": .object(metadata)], .toolsList), id: .number(1))
    #expect(translated.params == nil)
    #expect(translated.object["params"] == nil)
  }

  @Test func theProgressTokenIsTheRequestsOwnUpstream() {
    let metadata: JSONObject = [MetadataKey.progressToken: "shared"]
    let translated = LegacyRequest.translate(request(["name": "t", "_meta": .object(metadata)]), id: .number(9))
    #expect(translated.progressToken == .number(9))
    #expect(LegacyRequest.translate(request(["name": "t"]), id: .number(9)).params == ["name": "t"])
  }

  @Test func initializeNamesTheClientAndWhatItCanDo() {
    let features = ClientFeatures([
      "elicitation": [:], "extensions": ["x/y": [:], "io.modelcontextprotocol/tasks": [:]],
      "roots": ["listChanged": true],
    ])
    let params = LegacyRequest.initializeParams(
      info: ["name": "n", "version": "1"], features: features, revision: .latestLegacy)
    #expect(params["clientInfo"] == ["name": "n", "version": "1"])
    #expect(params["capabilities"] == ["elicitation": [:], "roots": [:], "extensions": ["x/y": [:]]])
    #expect(params["protocolVersion"] == "2025-11-25")
    let nameless = LegacyRequest.initializeParams(info: ["name": 1], features: features, revision: .latestLegacy)
    #expect(nameless["clientInfo"]?["name"] == "martlet")
  }
}

struct ClientFeaturesTests {
  @Test(
    arguments: [
      (["elicitation": [:]], [.formElicitation]), (["elicitation": ["form": [:]]], [.formElicitation]),
      (["elicitation": ["url": [:]]], [.urlElicitation]),
      (["elicitation": ["url": [:], "form": [:]]], [.urlElicitation, .formElicitation]),
      (["elicitation": true], []), ([:], []), (["sampling": [:]], [.sampling]),
      (["sampling": ["tools": [:]]], [.sampling, .samplingWithTools]), (["roots": [:]], [.roots]), (["roots": nil], []),
    ] as [(JSONObject, [ClientFeatures.Feature])])
  func whatWasDeclared(capabilities: JSONObject, features: [ClientFeatures.Feature]) {
    #expect(ClientFeatures(capabilities).declared == Set(features))
  }

  @Test func missingCapabilitiesAreMerged() {
    let merged = ClientFeatures.capabilities(for: [.formElicitation, .urlElicitation, .samplingWithTools])
    #expect(merged == ["elicitation": ["form": [:], "url": [:]], "sampling": ["tools": [:]]])
  }
}
