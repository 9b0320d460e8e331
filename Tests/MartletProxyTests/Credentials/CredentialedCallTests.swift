import MCPProtocol
import MartletDomain
import MartletPolicy
import MartletVault
import NIOCore
import NIOEmbedded
import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@testable import MartletProxy

/// Answers requests one after the other with what was prepared, and takes down what it was sent.
private final class AnsweringTransport: UpstreamTransport {
  private final class Call: UpstreamCall {
    func setReading(_ reading: Bool) {}
    func cancel() {}
  }

  private let answers: Mutex<[(Int, [(name: String, value: String)])]>
  private let requests = Mutex<[OutboundRequest]>([])

  init(_ answers: (Int, [(name: String, value: String)])...) { self.answers = Mutex(answers) }

  var sent: [OutboundRequest] { requests.withLock { $0 } }

  /// The `Authorization` of everything that was sent.
  var authorizations: [String?] {
    sent.map { request in request.headers.first { $0.name == "authorization" }?.value }
  }

  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    requests.withLock { $0.append(request) }
    let (status, fields) = answers.withLock { $0.isEmpty ? (200, []) : $0.removeFirst() }
    let bound = NIOLoopBound(receiver, eventLoop: eventLoop)
    eventLoop.execute {
      bound.value.upstreamAnswered(status: status, headers: HeaderFields(lowercased: fields))
      bound.value.upstreamSent(ByteBuffer(string: "answer to \(status)"))
      bound.value.upstreamFinished()
    }
    return Call()
  }
}

/// Takes requests and answers when a test says so.
private final class HoldingTransport: UpstreamTransport, @unchecked Sendable {  // One thread.
  private final class Call: UpstreamCall {
    func setReading(_ reading: Bool) {}
    func cancel() {}
  }

  var receivers: [any UpstreamReceiver] = []

  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    receivers.append(receiver)
    return Call()
  }
}

/// Hears what a sender hears.
private final class Listener: UpstreamReceiver {
  var heard: [String] = []

  func upstreamAnswered(status: Int, headers: HeaderFields) { heard.append("\(status)") }
  func upstreamSent(_ bytes: ByteBuffer) { heard.append(String(buffer: bytes)) }
  func upstreamFinished() { heard.append("end") }
  func upstreamFailed(_ failure: UpstreamFailure) { heard.append(failure.code) }
}

@Suite struct CredentialedCallTests {
  private let loop = EmbeddedEventLoop()
  private let listener = Listener()

  private func send(
    over transport: AnsweringTransport, _ credentials: FakeCredentials, owner: ConnectionOwner? = .user("ada")
  ) throws -> any UpstreamCall {
    var request = OutboundRequest(
      permit: .system(route: ProxyFixture.time), method: .post,
      url: try AbsoluteURL(parsing: "http://127.0.0.1:9001/mcp"))
    request.body = Array("call".utf8)
    request.account = owner.map { ConnectionKey(tenant: .default, route: ProxyFixture.time, owner: $0) }
    let call = CredentialTransport(
      over: transport, credentials: credentials, revocations: RevocationIndex(), eventLoops: 1
    )
    .send(request, to: listener, on: loop)
    loop.run()
    return call
  }

  @Test func aKnownCredentialIsCarriedAtOnce() throws {
    let transport = AnsweringTransport()
    _ = try send(over: transport, FakeCredentials(FakeCredentials.ready("one")))
    #expect(transport.authorizations == ["Bearer one"])
    #expect(listener.heard == ["200", "answer to 200", "end"])
  }

  @Test func whatNamesNoAccountAsksNobody() throws {
    let (transport, credentials) = (AnsweringTransport((401, [])), FakeCredentials(nil))
    _ = try send(over: transport, credentials, owner: nil)
    #expect(transport.authorizations == [nil] && credentials.asked.isEmpty)
    #expect(listener.heard.first == "401")
  }

  @Test func aCredentialThatComesLaterIsWaitedFor() throws {
    let (transport, credentials) = (AnsweringTransport(), FakeCredentials(nil))
    _ = try send(over: transport, credentials)
    #expect(transport.sent.isEmpty)
    credentials.answer(FakeCredentials.ready("late"))
    loop.run()
    #expect(transport.authorizations == ["Bearer late"])
  }

  @Test func R_07_whoHangsUpMeanwhileSendsNothing() throws {
    let (transport, credentials) = (AnsweringTransport(), FakeCredentials(nil))
    try send(over: transport, credentials).cancel()
    credentials.answer(FakeCredentials.ready("late"))
    loop.run()
    #expect(transport.sent.isEmpty && listener.heard.isEmpty)
  }

  /// So many at once; whoever hung up in line is passed over, and a stream holds no place.
  @Test(arguments: [false, true]) func R_01_whoComesLaterStandsInLine(_ isStream: Bool) throws {
    let places = 2
    let transport = HoldingTransport()
    let queued = CredentialTransport(
      over: transport, credentials: FakeCredentials(FakeCredentials.ready("one")),
      revocations: RevocationIndex(), eventLoops: GatewayLimits.requestsWithCredentials / places)
    var request = OutboundRequest(
      permit: .system(route: ProxyFixture.time), method: .post,
      url: try AbsoluteURL(parsing: "http://127.0.0.1:9001/mcp"))
    request.account = ConnectionKey(tenant: .default, route: ProxyFixture.time, owner: .user("ada"))
    let calls = (0..<6).map { _ in queued.send(request, to: listener, on: loop) }
    loop.run()
    #expect(transport.receivers.count == places)
    calls[2].cancel()
    calls[0].cancel()
    loop.run()
    #expect(transport.receivers.count == 3, "a place that came free, and one in line that nobody wants")
    let type = isStream ? "text/event-stream" : "application/json"
    transport.receivers[1].upstreamAnswered(
      status: 200, headers: HeaderFields(lowercased: [(name: "content-type", value: type)]))
    loop.run()
    #expect(transport.receivers.count == (isStream ? 4 : 3))
    transport.receivers[1].upstreamFinished()
    transport.receivers[2].upstreamFailed(.timeout)
    loop.run()
    #expect(transport.receivers.count == 5)
  }

  @Test func aRefusedCredentialIsReplacedOnceAndTheCallSentAgain() throws {
    let transport = AnsweringTransport((401, []), (200, []))
    let credentials = FakeCredentials(
      FakeCredentials.ready("old"), replacements: [FakeCredentials.ready("new", 2)])
    _ = try send(over: transport, credentials)
    #expect(transport.authorizations == ["Bearer old", "Bearer new"])
    #expect(transport.sent.map(\.body) == [Array("call".utf8), Array("call".utf8)])
    #expect(credentials.refused == [1])
    #expect(listener.heard == ["200", "answer to 200", "end"])
  }

  @Test func aSecondRefusalNeedsTheUser() throws {
    let transport = AnsweringTransport((401, []), (401, []), (200, []))
    let credentials = FakeCredentials(
      FakeCredentials.ready("old"),
      replacements: [FakeCredentials.ready("new", 2), FakeCredentials.ready("newest", 3)])
    _ = try send(over: transport, credentials)
    #expect(transport.authorizations.count == 2)
    #expect(listener.heard == ["connection_required"] && credentials.rejected == [2])
  }

  /// Only what its server refused before is worth a word, and only where the server takes it.
  @Test(arguments: [(true, 200, [1]), (true, 403, []), (true, 500, []), (false, 200, [])])
  func aServerThatTakesWhatItRefusedIsHeard(_ isDoubted: Bool, _ status: Int, _ accepted: [Int]) throws {
    let access = UpstreamAccess(token: Secret("one"), version: 1, isDoubted: isDoubted)
    let credentials = FakeCredentials(.ready(access))
    _ = try send(over: AnsweringTransport((status, [])), credentials)
    #expect(credentials.accepted == accepted)
  }

  @Test func nobodyCanConnectAnAccountOfMartletsOwn() throws {
    let transport = AnsweringTransport((401, []))
    _ = try send(over: transport, FakeCredentials(FakeCredentials.ready("old")), owner: .tenant)
    #expect(listener.heard == ["credential_unavailable"])
  }

  @Test func missingScopesAreNoted() throws {
    let challenge = [(name: "www-authenticate", value: "Bearer error=\"insufficient_scope\", scope=\"files:write\"")]
    let credentials = FakeCredentials(FakeCredentials.ready("one"))
    _ = try send(over: AnsweringTransport((403, challenge)), credentials)
    #expect(credentials.widened == [["files:write"]])
    #expect(listener.heard == ["connection_required"])
  }

  @Test func missingScopesThatNobodyNamesHelpNoUser() throws {
    let challenge = [(name: "www-authenticate", value: "Bearer error=\"insufficient_scope\"")]
    _ = try send(over: AnsweringTransport((403, challenge)), FakeCredentials(FakeCredentials.ready("one")))
    #expect(listener.heard == ["credential_unavailable"])
  }

  @Test func anyOther403IsTheServersAnswer() throws {
    let credentials = FakeCredentials(FakeCredentials.ready("one"))
    _ = try send(over: AnsweringTransport((403, [])), credentials)
    #expect(credentials.widened.isEmpty && listener.heard.first == "403")
  }

  @Test(arguments: ["", "a b", "a\r\nx: y", "a\u{0}", "ä"])
  func V_038_aTokenThatCouldEndAHeaderIsNeverSent(_ token: String) throws {
    let transport = AnsweringTransport()
    _ = try send(over: transport, FakeCredentials(FakeCredentials.ready(token)))
    #expect(transport.sent.isEmpty && listener.heard == ["credential_unavailable"])
  }

  @Test(arguments: [
    (CredentialAnswer.connectionRequired(nil), "connection_required"),
    (.unavailable(retryAt: nil), "credential_unavailable"),
  ])
  func withoutACredentialNothingIsSent(_ answer: CredentialAnswer, _ heard: String) throws {
    let transport = AnsweringTransport()
    _ = try send(over: transport, FakeCredentials(answer))
    #expect(transport.sent.isEmpty && listener.heard == [heard])
  }
}
