import MCPProtocol
import MartletDomain
import MartletPolicy
import MartletVault
import NIOCore
import NIOEmbedded
import StrictCoding
import Testing

@testable import MartletProxy

@Suite struct ConnectionAnswerTests {
  private static let path = "/connect/time?ticket=mct_1"
  private static let link = "https://gw.example/connect/time?ticket=mct_1"
  private static let lastingLink = "https://gw.example/connect/time"
  private static let declared: JSONValue = ["elicitation": ["url": [:]]]

  private let fixture: ProxyFixture
  private let loop = EmbeddedEventLoop()

  init() throws { fixture = try ProxyFixture(credential: .oauth(OAuthConnectionSettings())) }

  private func request(
    _ method: MCPMethod, _ params: JSONObject = [:], era: Era, capabilities: JSONValue? = nil
  ) throws -> AdmittedRequest {
    var params = params
    if era == .modern {
      var metadata = params["_meta"]?.objectValue ?? JSONObject()
      metadata[MetadataKey.clientCapabilities] = capabilities ?? [:]
      params["_meta"] = .object(metadata)
    }
    let message = MCPMessage.request(MCPRequest(id: .number(7), method: method, params: params))
    let classified = ClassifiedRequest(
      authenticated: AuthenticatedRequest(
        routed: try fixture.routed(fixture.incoming()), principal: ProxyFixture.principal()),
      message: message, bytes: message.encoded(),
      classification: .init(era: era, revision: era == .modern ? .latest : .latestLegacy), mirrored: .init())
    return AdmittedRequest(
      classified: classified, session: era == .legacy ? session(capabilities) : nil,
      permit: .system(route: ProxyFixture.time))
  }

  private func session(_ capabilities: JSONValue?) -> BoundSession {
    let initialize = MCPRequest(
      id: .number(0), method: .initialize,
      params: ["protocolVersion": "2025-11-25", "capabilities": capabilities ?? [:]])
    return BoundSession(
      KnownSession(
        MCPSession(
          digest: ArtefactKind.mcpSession.digest(Secret("mms_x")), binding: ProxyFixture.principal().binding,
          revision: .v20251125, initializeRequest: initialize.encoded(), upstreamSession: "", upstreamURL: "",
          createdAt: Timestamp(seconds: 1), usedAt: Timestamp(seconds: 1))))
  }

  private func answer(_ request: AdmittedRequest) throws -> JSONValue {
    let response = ConnectionAnswer(
      request: request, need: ConnectionNeed(reason: nil), path: Self.path, elicitation: "mq_1"
    ).response()
    #expect(response.head.status == 200)
    return try JSONReader.parse(response.body)
  }

  @Test(arguments: [MCPMethod.toolsCall, .promptsGet, .resourcesRead])
  func aLegacyClientThatOpensPagesIsSentToOne(_ method: MCPMethod) throws {
    let answer = try answer(request(method, ["name": "echo"], era: .legacy, capabilities: Self.declared))
    #expect(answer["error"]?["code"]?.int64Value == -32042)
    let asked = answer["error"]?["data"]?["elicitations"]?.arrayValue?.first
    #expect(asked?["mode"]?.stringValue == "url" && asked?["url"]?.stringValue == Self.link)
    #expect(asked?["elicitationId"]?.stringValue == "mq_1" && asked?["message"]?.stringValue != nil)
  }

  @Test func aModernClientThatOpensPagesIsAskedTo() throws {
    let answer = try answer(request(.toolsCall, ["name": "echo"], era: .modern, capabilities: Self.declared))
    #expect(answer["result"]?["resultType"]?.stringValue == "input_required")
    let asked = answer["result"]?["inputRequests"]?[PagePurpose.connection.key]
    #expect(asked?["method"]?.stringValue == "elicitation/create")
    #expect(asked?["params"]?["url"]?.stringValue == Self.link && asked?["params"]?["mode"]?.stringValue == "url")
    #expect(asked?["params"]?["elicitationId"] == nil, "the modern era has none")
  }

  @Test(arguments: [Era.legacy, .modern], [nil, ["elicitation": [:]], ["elicitation": ["form": [:]]]] as [JSONValue?])
  func everyOtherClientGetsAPlainLink(_ era: Era, _ capabilities: JSONValue?) throws {
    let answer = try answer(request(.toolsCall, ["name": "echo"], era: era, capabilities: capabilities))
    #expect(answer["result"]?["isError"]?.boolValue == true)
    let text = answer["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? ""
    #expect(text.contains(Self.link))
    #expect((answer["result"]?["resultType"]?.stringValue == "complete") == (era == .modern))
  }

  @Test func whoDeclinedIsNotAskedAgain() throws {
    let declined: JSONObject = ["name": "echo", "inputResponses": [PagePurpose.connection.key: ["action": "decline"]]]
    let answer = try answer(request(.toolsCall, declined, era: .modern, capabilities: Self.declared))
    #expect(answer["result"]?["isError"]?.boolValue == true)
  }

  @Test(arguments: [MCPMethod.completionComplete, .resourcesSubscribe, .subscriptionsListen])
  func otherRequestsNameTheLink(_ method: MCPMethod) throws {
    let answer = try answer(request(method, era: method == .subscriptionsListen ? .modern : .legacy))
    #expect(answer["error"]?["code"]?.int64Value == -31003)
    #expect(answer["error"]?["data"]?["connect"]?.stringValue == Self.link)
  }

  @Test(arguments: [Era.legacy, .modern])
  func listsHoldNothingButTheWayToThePage(_ era: Era) throws {
    let tools = try answer(request(.toolsList, era: era))["result"]
    #expect(tools?["tools"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == [ConnectTool.toolName])
    let description = tools?["tools"]?.arrayValue?.first?["description"]?.stringValue ?? ""
    #expect(description.hasSuffix(Self.lastingLink), "a ticket would be kept for longer than it is good")
    #expect((tools?["ttlMs"]?.int64Value == 0) == (era == .modern))
    let lists: [(MCPMethod, String)] = [
      (.promptsList, "prompts"), (.resourcesList, "resources"), (.resourcesTemplatesList, "resourceTemplates"),
    ]
    for (method, key) in lists {
      #expect(try answer(request(method, era: era))["result"]?[key]?.arrayValue?.isEmpty == true)
    }
  }

  // MARK: - The stage

  private func inject(_ request: AdmittedRequest, _ credentials: FakeCredentials) throws -> ConnectionStanding? {
    guard case .ready(let result) = CredentialInjector(credentials: credentials).inject(request, on: loop) else {
      return nil
    }
    return try result.get()
  }

  @Test func theAccountIsThePrincipalsOwn() throws {
    let credentials = FakeCredentials(FakeCredentials.ready("one"))
    _ = try inject(request(.toolsList, era: .legacy), credentials)
    #expect(
      credentials.asked == [ConnectionKey(tenant: .default, route: ProxyFixture.time, owner: .user("ada"))])
  }

  @Test func theRepeatedCallGoesOnWithoutWhatWasOurs() throws {
    let repeated: JSONObject = [
      "name": "echo", "arguments": ["text": "hi"], "requestState": .string(PagePurpose.connection.state),
      "inputResponses": [PagePurpose.connection.key: ["action": "accept"]],
    ]
    let standing = try inject(
      request(.toolsCall, repeated, era: .modern, capabilities: Self.declared),
      FakeCredentials(FakeCredentials.ready("one")))
    guard case .connected(let request)? = standing else { throw FixtureError() }
    let params = try #require(try MCPMessage.parse(request.classified.bytes).request?.params)
    #expect(params["requestState"] == nil && params["inputResponses"] == nil)
    #expect(params["arguments"]?["text"]?.stringValue == "hi" && params["_meta"] != nil)
  }

  @Test func theServersOwnStateAndAnswersGoOn() throws {
    let repeated: JSONObject = [
      "name": "echo", "requestState": "theirs",
      "inputResponses": [PagePurpose.connection.key: ["action": "accept"], "theirs": ["action": "accept"]],
    ]
    let standing = try inject(
      request(.toolsCall, repeated, era: .modern), FakeCredentials(FakeCredentials.ready("one")))
    guard case .connected(let request)? = standing else { throw FixtureError() }
    let params = try #require(request.classified.message?.request?.params)
    #expect(params["requestState"]?.stringValue == "theirs")
    #expect(params["inputResponses"]?.objectValue?.keys == ["theirs"])
  }

  @Test func whoComesBackTooSoonIsKeptWaitingForAWhile() throws {
    let repeated: JSONObject = [
      "name": "echo", "requestState": .string(PagePurpose.connection.state),
      "inputResponses": [PagePurpose.connection.key: ["action": "accept"]],
    ]
    let credentials = FakeCredentials(.connectionRequired(nil))
    let staged = CredentialInjector(credentials: credentials).inject(
      try request(.toolsCall, repeated, era: .modern), on: loop)
    guard case .later(let future) = staged else { throw FixtureError() }
    loop.advanceTime(by: .seconds(1))
    credentials.answer(FakeCredentials.ready("one"))
    loop.advanceTime(by: .seconds(1))
    guard case .connected = try future.wait().get() else { throw FixtureError() }
  }
}
