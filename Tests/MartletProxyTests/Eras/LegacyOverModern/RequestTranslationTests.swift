import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct RequestTranslationTests {
  private let translation = RequestTranslation(
    client: LegacyClientProfileTests.profile(capabilities: ["sampling": [:]]), logLevel: "warning")

  private func call(_ params: JSONObject) -> MCPRequest {
    MCPRequest(id: .number(7), method: .toolsCall, params: params)
  }

  @Test func everyRequestCarriesItsMetadata() throws {
    let request = call([
      "name": "t",
      "_meta": [
        "progressToken": "p", "com.example/a": 1, "io.modelcontextprotocol/logLevel": "debug",
        "io.modelcontextprotocol/protocolVersion": "x", "io.modelcontextprotocol/clientInfo": ["name": "mallory"],
      ],
    ])
    let modern = try translation.modern(request, id: .string("ours"))
    #expect(modern.message.id == .string("ours"))
    let expected: JSONValue = [
      "progressToken": "p", "com.example/a": 1, "io.modelcontextprotocol/logLevel": "warning",
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": ["name": "c", "version": "1"],
      "io.modelcontextprotocol/clientCapabilities": ["sampling": [:]],
    ]
    #expect(modern.message.params?["_meta"] == expected)
  }

  @Test func whatOnlyOneEraKnowsIsLeftOut() throws {
    let request = call(["name": "t", "task": [:], "requestState": "forged", "inputResponses": [:], "arguments": [:]])
    let modern = try translation.modern(request, id: .number(1))
    #expect(modern.message.params?.keys == ["name", "arguments", "_meta"])
  }

  @Test func answersGoBackWithTheState() throws {
    let state: JSONValue = "a\u{2028}\"\\\u{0}ä"
    let answers = InputAnswers(responses: ["k": ["action": "cancel"]], state: state)
    let modern = try translation.modern(call(["name": "t"]), id: .number(1), answers: answers)
    guard case .request(let read) = try MCPMessage.parse(modern.message.encoded()) else { throw FixtureError() }
    #expect(read.params?["requestState"] == state)
    #expect(read.params?["inputResponses"] == ["k": ["action": "cancel"]])
    let stateless = InputAnswers(responses: ["k": [:]], state: nil)
    let without = try translation.modern(call(["name": "t"]), id: .number(1), answers: stateless)
    #expect(without.message.params?["requestState"] == nil)
  }

  private static let names: [(MCPMethod, String, String, String?)] = [
    (.toolsCall, "name", "plain", "plain"), (.promptsGet, "name", "ä", "=?base64?w6Q=?="),
    (.resourcesRead, "uri", " a:b", "=?base64?IGE6Yg==?="), (.completionComplete, "name", "x", nil),
    (.resourcesList, "uri", "x", nil),
  ]

  @Test(arguments: names)
  func V_030_methodAndNameAreMirrored(_ method: MCPMethod, _ key: String, _ name: String, _ header: String?) throws {
    let request = MCPRequest(id: .number(1), method: method, params: [key: .string(name)])
    let mirrored = try translation.modern(request, id: .number(1)).mirrored
    #expect(mirrored.method.value == method.name)
    #expect(mirrored.name.value == header)
  }

  @Test func parametersAreMirrored() throws {
    let parameters = [MirroredHeaders.Parameter(name: "Region", value: "eu")]
    let mirrored = try translation.modern(call(["name": "t"]), id: .number(1), parameters: parameters).mirrored
    #expect(mirrored.parameters == parameters)
  }

  @Test func aNameThatFitsNoHeaderIsRefused() {
    let request = call(["name": .string(String(repeating: "x", count: 8 * 1024 + 1))])
    #expect(throws: MCPMessageError.self) { try translation.modern(request, id: .number(1)) }
  }
}
