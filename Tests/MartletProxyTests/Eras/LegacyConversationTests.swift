import MCPProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct LegacyConversationTests {
  private static let question: JSONObject = ["message": "Who?", "requestedSchema": ["type": "object"]]

  private func round(
    _ method: MCPMethod = .toolsCall, token: JSONValue? = nil, level: LogLevel? = nil, declared: JSONObject = [:]
  ) -> LegacyConversation.Round {
    var metadata = JSONObject()
    metadata[MetadataKey.progressToken] = token
    return LegacyConversation.Round(
      request: MCPRequest(id: .string("c"), method: method, params: ["_meta": .object(metadata)]),
      features: ClientFeatures(declared), logLevel: level)
  }

  private func conversation(_ round: LegacyConversation.Round) -> LegacyConversation {
    LegacyConversation(id: .number(5), server: AnswerFromLegacyTests.server, round: round)
  }

  private func ask(_ id: String, _ method: MCPMethod, _ params: JSONObject? = nil) -> MCPMessage {
    .request(MCPRequest(id: .string(id), method: method, params: params))
  }

  private func tell(_ method: MCPMethod, _ params: JSONObject) -> MCPMessage {
    .notification(MCPNotification(method: method, params: params))
  }

  @Test func progressGoesToTheClientsTokenAndOnlyThisCalls() {
    var call = conversation(round(token: "mine"))
    let heard = call.hear(tell(.progress, ["progressToken": 5, "progress": 1]))
    #expect(heard == .tell(MCPNotification(method: .progress, params: ["progressToken": "mine", "progress": 1])))
    #expect(call.hear(tell(.progress, ["progressToken": 6, "progress": 1])) == .nothing)
    #expect(call.hear(tell(.progress, ["progressToken": "mine", "progress": 1])) == .nothing)
    var quiet = conversation(round())
    #expect(quiet.hear(tell(.progress, ["progressToken": 5, "progress": 1])) == .nothing)
  }

  @Test func logMessagesNeedAskingFor() {
    var call = conversation(round(level: .warning))
    let grave = MCPNotification(method: .logMessage, params: ["level": "error", "data": 1])
    #expect(call.hear(.notification(grave)) == .tell(grave))
    #expect(call.hear(tell(.logMessage, ["level": "info", "data": 1])) == .nothing)
    #expect(call.hear(tell(.logMessage, ["level": "ERROR", "data": 1])) == .nothing)
    var deaf = conversation(round())
    #expect(deaf.hear(.notification(grave)) == .nothing)
  }

  @Test func changesBelongToListenersAndLegacyNotificationsToNobody() {
    var call = conversation(round(token: 1, level: .debug))
    let changed = MCPNotification(method: .toolsListChanged)
    #expect(call.hear(.notification(changed)) == .feed(changed))
    for method in [MCPMethod.elicitationComplete, .tasksStatus, .initialized] {
      #expect(call.hear(tell(method, [:])) == .nothing)
    }
    let own = MCPNotification(method: MCPMethod("notifications/own"))
    #expect(call.hear(.notification(own)) == .tell(own))
  }

  @Test func onlyTheResponseOfThisRequestEndsIt() {
    var call = conversation(round())
    #expect(call.hear(.response(MCPResponse(id: .number(6), outcome: .result([:])))) == .nothing)
    #expect(call.hear(.response(MCPResponse(id: .string("5"), outcome: .result([:])))) == .nothing)
    guard case .conclude(let answer) = call.hear(.response(MCPResponse(id: .number(5), outcome: .result([:])))) else {
      Issue.record("no end")
      return
    }
    #expect(answer.status == 200)
  }

  @Test func whatTheServerAsksIsKeptUntilTheClientAnswers() {
    var call = conversation(round(declared: ["elicitation": [:], "roots": [:]]))
    #expect(call.hear(ask("a", .elicitationCreate, Self.question)) == .ask)
    #expect(call.hear(ask("b", .rootsList)) == .ask)
    #expect(call.asked.map(\.key) == ["input-1", "input-2"])
    #expect(call.asked[0].entry == ["method": "elicitation/create", "params": .object(Self.question)])
    #expect(call.asked[1].entry == ["method": "roots/list"])
    let replies = call.proceed(round(), answers: ["input-2": ["roots": []], "input-9": 1])
    #expect(replies == [MCPResponse(id: .string("b"), outcome: .result(["roots": []]))])
    #expect(call.asked.map(\.key) == ["input-1"])
    _ = call.hear(tell(.cancelled, ["requestId": "a"]))
    #expect(call.asked.isEmpty)
  }

  @Test func aKeyIsNeverGivenTwice() {
    var call = conversation(round(declared: ["elicitation": [:]]))
    _ = call.hear(ask("a", .elicitationCreate, Self.question))
    _ = call.proceed(round(declared: ["elicitation": [:]]), answers: ["input-1": ["action": "cancel"]])
    _ = call.hear(ask("b", .elicitationCreate, Self.question))
    #expect(call.asked.map(\.key) == ["input-2"])
  }

  @Test func whatTheClientCantBeAskedIsRefusedAtOnce() {
    let refusals: [(LegacyConversation.Round, MCPMessage)] = [
      (round(), ask("a", .elicitationCreate, Self.question)),
      (round(declared: ["elicitation": ["url": [:]]]), ask("a", .elicitationCreate, Self.question)),
      (round(declared: ["elicitation": [:]]), ask("a", .elicitationCreate, ["mode": "url"])),
      (round(declared: ["elicitation": [:]]), ask("a", .elicitationCreate, ["mode": "telepathy"])),
      (round(declared: ["elicitation": [:]]), ask("a", .elicitationCreate, ["message": "x", "task": [:]])),
      (round(declared: ["sampling": [:]]), ask("a", .samplingCreateMessage, ["tools": []])),
      (round(.toolsList, declared: ["elicitation": [:]]), ask("a", .elicitationCreate, Self.question)),
      (round(declared: ["elicitation": [:]]), ask("a", MCPMethod("own/request"))),
      (round(declared: ["elicitation": [:]]), ask("a", .toolsCall, ["name": "t"])),
    ]
    for (round, message) in refusals {
      var call = conversation(round)
      guard case .reply(let response) = call.hear(message) else {
        Issue.record("not refused: \(message)")
        continue
      }
      #expect(response.failure?.code == .methodNotFound && response.id == .string("a"))
    }
  }

  @Test func aServerThatAsksTooMuchIsRefused() {
    var call = conversation(round(declared: ["roots": [:]]))
    for number in 0..<LegacyConversation.maximumAsked { #expect(call.hear(ask("\(number)", .rootsList)) == .ask) }
    guard case .reply = call.hear(ask("more", .rootsList)) else {
      Issue.record("not refused")
      return
    }
  }

  @Test func pingIsAnswered() {
    var call = conversation(round())
    #expect(call.hear(ask("p", .ping)) == .reply(MCPResponse(id: .string("p"), outcome: .result([:]))))
  }

  @Test(
    arguments: [
      (.elicitationCreate, ["action": "accept", "content": [:]], true),
      (.elicitationCreate, ["action": "maybe"], false),
      (.elicitationCreate, [], false), (.rootsList, ["roots": []], true), (.rootsList, ["roots": [:]], false),
      (.samplingCreateMessage, ["role": "assistant", "content": [], "model": "m"], true),
      (.samplingCreateMessage, ["role": "assistant", "content": []], false),
    ] as [(MCPMethod, JSONValue, Bool)])
  func answersHaveAShape(method: MCPMethod, answer: JSONValue, isOne: Bool) {
    let input = AskedInput(MCPRequest(id: .number(1), method: method, params: Self.question), key: "k")
    #expect(input?.accepts(answer) == isOne)
  }
}
