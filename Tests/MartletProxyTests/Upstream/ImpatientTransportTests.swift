import MartletDomain
import MartletPolicy
import NIOCore
import NIOEmbedded
import OAuthProtocol
import Testing

@testable import MartletProxy

/// Takes requests and says what a test says.
private final class ToldTransport: UpstreamTransport, @unchecked Sendable {  // One thread.
  final class Call: UpstreamCall {
    let request: OutboundRequest
    let receiver: any UpstreamReceiver
    var isCancelled = false
    var instance: UpstreamInstance?

    init(_ request: OutboundRequest, _ receiver: any UpstreamReceiver) {
      (self.request, self.receiver) = (request, receiver)
      instance = request.instance
    }

    func setReading(_ reading: Bool) {}
    func cancel() { isCancelled = true }

    func answer(_ status: Int = 200, session: String? = nil) {
      if isCancelled { return }
      let fields = session.map { [(name: "mcp-session-id", value: $0)] } ?? []
      receiver.upstreamAnswered(status: status, headers: HeaderFields(lowercased: fields))
      if isCancelled { return }
      receiver.upstreamSent(ByteBuffer(string: "from \(request.url.string.suffix(1))"))
      receiver.upstreamFinished()
    }
  }

  var calls: [Call] = []

  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    let call = Call(request, receiver)
    calls.append(call)
    return call
  }
}

@Suite struct ImpatientTransportTests {
  private let loop = EmbeddedEventLoop()
  private let transport = ToldTransport()
  private let hearer = Hearer()
  private let almost = GatewayLimits.beginning - .milliseconds(1)

  /// What was sent, as methods and the last letters of URLs.
  private var sent: [String] {
    transport.calls.map { "\($0.request.method.rawValue) \($0.request.url.string.suffix(1))" }
  }

  private func begin(at names: String...) throws -> any UpstreamCall {
    let instances = try names.map { UpstreamInstance(url: try AbsoluteURL(parsing: "http://127.0.0.1:9001/\($0)")) }
    let request = try #require(
      OutboundRequest(
        permit: .system(route: ProxyFixture.time), method: .post, to: instances, principal: ProxyFixture.principal(),
        assertion: ("mcp-assertion", "signed"), credential: nil, account: nil, traceContext: [],
        wire: ServerWireMemory(pinned: nil)))
    return ImpatientTransport(over: transport).send(request, to: hearer, on: loop)
  }

  @Test func whoAnswersInTimeIsTheOnlyOneAsked() throws {
    let call = try begin(at: "a", "b")
    loop.advanceTime(by: almost)
    transport.calls[0].answer(session: "one")
    loop.advanceTime(by: .minutes(5))
    #expect(sent == ["POST a"])
    #expect(hearer.heard == ["200", "from a", "end"])
    #expect(call.instance?.url.string.hasSuffix("/a") == true)
  }

  @Test func whoIsAloneIsWaitedFor() throws {
    _ = try begin(at: "a")
    loop.advanceTime(by: .minutes(5))
    #expect(sent == ["POST a"])
    transport.calls[0].answer()
    #expect(hearer.heard == ["200", "from a", "end"])
  }

  @Test func R_63_theNextIsAskedAndWhatComesLateIsEnded() throws {
    let call = try begin(at: "a", "b", "c")
    loop.advanceTime(by: GatewayLimits.beginning)
    #expect(sent == ["POST a", "POST b"])
    transport.calls[1].answer(session: "two")
    #expect(hearer.heard == ["200", "from b", "end"])
    #expect(call.instance?.url.string.hasSuffix("/b") == true)
    loop.advanceTime(by: .seconds(50))
    transport.calls[0].answer(session: "one")
    #expect(sent == ["POST a", "POST b", "DELETE a"], "c is never asked")
    #expect(transport.calls[2].request.upstreamSession == "one" && transport.calls[0].isCancelled)
    #expect(hearer.heard.count == 3)
  }

  @Test func theSlowOneMayStillBeFirst() throws {
    let call = try begin(at: "a", "b")
    loop.advanceTime(by: GatewayLimits.beginning + .seconds(1))
    transport.calls[0].answer(session: "one")
    #expect(hearer.heard == ["200", "from a", "end"])
    #expect(call.instance?.url.string.hasSuffix("/a") == true)
    transport.calls[1].answer(session: "two")
    #expect(sent == ["POST a", "POST b", "DELETE b"])
  }

  @Test func whoNeverAnswersIsLeftInTheEnd() throws {
    _ = try begin(at: "a", "b")
    loop.advanceTime(by: GatewayLimits.beginning)
    transport.calls[1].answer()
    loop.advanceTime(by: GatewayLimits.lateBeginning - .milliseconds(1))
    #expect(!transport.calls[0].isCancelled)
    loop.advanceTime(by: .milliseconds(1))
    #expect(transport.calls[0].isCancelled)
    #expect(sent == ["POST a", "POST b"])
  }

  @Test func whatBeganNoSessionIsNotEnded() throws {
    for status in [200, 404] {
      _ = try begin(at: "a", "b")
      loop.advanceTime(by: GatewayLimits.beginning)
      let count = transport.calls.count
      transport.calls[count - 1].answer()
      transport.calls[count - 2].answer(status, session: status == 200 ? nil : "one")
      #expect(transport.calls.count == count)
    }
  }

  @Test func whoCannotBeReachedOrFailsIsPassedOver() throws {
    _ = try begin(at: "a", "b", "c")
    transport.calls[0].receiver.upstreamFailed(.unreachable)
    #expect(sent == ["POST a", "POST b"], "at once")
    loop.advanceTime(by: GatewayLimits.beginning)
    transport.calls[1].answer(503)
    #expect(hearer.heard == [], "c may still do it")
    transport.calls[2].answer()
    #expect(hearer.heard == ["200", "from c", "end"])
  }

  @Test func theLastFailureIsHeard() throws {
    _ = try begin(at: "a", "b")
    loop.advanceTime(by: GatewayLimits.beginning)
    transport.calls[1].receiver.upstreamFailed(.disconnected)
    #expect(hearer.heard == [], "a may still answer")
    transport.calls[0].receiver.upstreamFailed(.timeout)
    #expect(hearer.heard == ["timeout"])
  }

  @Test func aRefusalIsAnAnswer() throws {
    _ = try begin(at: "a", "b")
    transport.calls[0].answer(503)
    #expect(hearer.heard.first == "503")
    loop.advanceTime(by: .minutes(1))
    #expect(sent == ["POST a"])
  }

  @Test func whoIsGoneLeavesNothingBehind() throws {
    let call = try begin(at: "a", "b", "c")
    loop.advanceTime(by: GatewayLimits.beginning)
    call.cancel()
    #expect(transport.calls[1].isCancelled)
    transport.calls[0].answer(session: "one")
    loop.advanceTime(by: .minutes(5))
    #expect(sent == ["POST a", "POST b", "DELETE a"])
    #expect(hearer.heard == [])
  }

  @Test func whoIsSlowAgainAndAgainIsLeftOut() throws {
    let instances = try ["a", "b"].map {
      UpstreamInstance(url: try AbsoluteURL(parsing: "http://127.0.0.1:9001/\($0)"))
    }
    for number in 1...GatewayLimits.failingTimes {
      let request = try #require(
        OutboundRequest(
          permit: .system(route: ProxyFixture.time), method: .post, to: instances,
          principal: ProxyFixture.principal(), assertion: ("mcp-assertion", "signed"), credential: nil, account: nil,
          traceContext: [], wire: ServerWireMemory(pinned: nil)))
      let call = ImpatientTransport(over: transport).send(request, to: hearer, on: loop)
      loop.advanceTime(by: GatewayLimits.beginning)
      call.cancel()
      #expect((instances[0].ejectedFor == .failing) == (number == GatewayLimits.failingTimes))
    }
    #expect(instances[1].ejectedFor == nil)
  }

  @Test func whatWaitsForACredentialIsNotSlow() throws {
    let call = try begin(at: "a", "b")
    transport.calls[0].instance = nil
    loop.advanceTime(by: .minutes(1))
    #expect(sent == ["POST a"])
    transport.calls[0].instance = transport.calls[0].request.instance
    loop.advanceTime(by: GatewayLimits.beginning)
    #expect(sent == ["POST a", "POST b"])
    call.cancel()
  }
}
