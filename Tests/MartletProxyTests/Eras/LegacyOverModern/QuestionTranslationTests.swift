import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct QuestionTranslationTests {
  private func ask(
    _ method: MCPMethod, _ params: JSONObject? = nil, declared: JSONValue, _ revision: JSONValue = "2025-11-25"
  ) throws -> QuestionTranslation.Request {
    let client = LegacyClientProfileTests.profile(revision, capabilities: declared)
    let question = InputRequired.Question(key: "k", method: method, params: params)
    return try QuestionTranslation(client: client).legacy(question, id: .string("mq"), elicitation: "e")
  }

  @Test(arguments: [[:], ["form": [:]], ["form": [:], "url": [:]], ["applyDefaults": true]] as [JSONValue])
  func formsAreAsked(_ declared: JSONValue) throws {
    let params: JSONObject = ["mode": "form", "message": "m", "requestedSchema": ["type": "object"]]
    let request = try ask(.elicitationCreate, params, declared: ["elicitation": declared])
    #expect(request.message.params == params && request.message.id == .string("mq") && request.elicitation == nil)
    let older = try ask(.elicitationCreate, params, declared: ["elicitation": declared], "2025-06-18")
    #expect(older.message.params?["mode"] == nil, "2025-06-18 knows forms only")
  }

  @Test func pagesGetAnID() throws {
    let params: JSONObject = ["mode": "url", "message": "m", "url": "https://a.example/"]
    let request = try ask(.elicitationCreate, params, declared: ["elicitation": ["url": [:]]])
    #expect(request.message.params?["elicitationId"] == "e" && request.elicitation == "e")
    let older = try ask(.elicitationCreate, params, declared: ["elicitation": ["url": [:]]], "2025-06-18")
    #expect(older.elicitation == nil, "nobody tells it of the end")
  }

  @Test func beforeArraysAMessageHasOneBlock() throws {
    let (a, b): (JSONValue, JSONValue) = (["type": "text", "text": "a"], ["type": "text", "text": "b"])
    let params: JSONObject = [
      "messages": [["role": "user", "content": .array([a, b])], ["role": "x"]], "maxTokens": 1,
    ]
    let newest = try ask(.samplingCreateMessage, params, declared: ["sampling": [:]])
    #expect(newest.message.params == params)
    let older = try ask(.samplingCreateMessage, params, declared: ["sampling": [:]], "2025-06-18")
    let apart: [JSONValue] = [["role": "user", "content": a], ["role": "user", "content": b], ["role": "x"]]
    #expect(older.message.params == ["messages": .array(apart), "maxTokens": 1])
  }

  private static let undeclared: [(MCPMethod, JSONObject, JSONValue, String)] = [
    (.elicitationCreate, [:], [:], "elicitation"),
    (.elicitationCreate, [:], ["elicitation": .null], "elicitation"),
    (.elicitationCreate, ["mode": "url"], ["elicitation": ["form": [:]]], "elicitation.url"),
    (.elicitationCreate, [:], ["elicitation": ["url": [:]]], "elicitation.form"),
    (.samplingCreateMessage, [:], ["roots": [:]], "sampling"),
    (.samplingCreateMessage, ["tools": []], ["sampling": [:]], "sampling.tools"),
    (.rootsList, [:], ["sampling": [:]], "roots"), (.toolsCall, [:], ["sampling": [:]], "tools/call"),
    (.ping, [:], [:], "ping"),
  ]

  @Test(arguments: undeclared)
  func whatWasNotDeclaredIsNamed(
    _ method: MCPMethod, _ params: JSONObject, _ declared: JSONValue, _ name: String
  ) {
    let error = #expect(throws: MCPMessageError.self) { try ask(method, params, declared: declared) }
    #expect(error?.code == .invalidRequest && error?.message.contains(name) == true)
  }

  @Test func aRoundIsRead() throws {
    let result: JSONValue = [
      "resultType": "input_required", "requestState": "s",
      "inputRequests": ["b": ["method": "roots/list"], "a": ["method": "elicitation/create", "params": ["x": 1]]],
    ]
    #expect(InputRequired.isOne(result))
    let required = try #require(InputRequired(result))
    #expect(required.state == "s" && required.questions.map(\.key) == ["b", "a"])
    #expect(required.questions[1].params == ["x": 1])
    #expect(InputRequired(["requestState": "s"])?.questions.isEmpty == true)
  }

  @Test(
    arguments: [
      [:], ["inputRequests": []], ["inputRequests": ["a": [:]]], ["inputRequests": ["a": "roots/list"]],
    ] as [JSONValue])
  func brokenRoundsAreNone(_ result: JSONValue) { #expect(InputRequired(result) == nil) }
}
