import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding
import Testing

@testable import MartletProxy

struct BridgeSessionsTests {
  private let fixture = BridgeFixture()

  private var ended: Int {
    fixture.loop.run()
    return fixture.transport.sent.count { $0.method == .delete }
  }

  @Test func aSessionThatNobodyUsesEndsAfterHalfAnHour() throws {
    var lease: BridgeLease? = try fixture.lease(fixture.key()).get()
    fixture.clock.advance(by: BridgeLimits.sessionIdle)
    fixture.sessions.expire(at: fixture.clock.now())
    #expect(ended == 0 && fixture.sessions.count == 1, "it is in use")
    #expect(lease?.session.idleSince == nil)
    lease = nil
    fixture.sessions.expire(at: fixture.clock.now())
    #expect(fixture.sessions.count == 1, "it was used until now")
    fixture.clock.advance(by: BridgeLimits.sessionIdle)
    fixture.sessions.expire(at: fixture.clock.now())
    #expect(ended == 1 && fixture.sessions.count == 0)
    #expect(fixture.transport.sent.last?.upstreamSession == "up")
  }

  @Test func whoeverWaitsHearsHowItWentAndAFailureIsNotKept() throws {
    var completion: ((Result<BridgeSession, Rejection>) -> Void)?
    var begun = 0
    let key = fixture.key()
    let waiting = (0..<3).map { _ in
      fixture.sessions.lease(key, on: [BridgeFixture.instance], eventLoop: fixture.loop) {
        begun += 1
        completion = $0
      }
    }
    completion?(.failure(.upstreamUnavailable(reason: "down", id: nil)))
    for future in waiting {
      guard case .failure = try future.wait() else {
        Issue.record("a lease of nothing")
        continue
      }
    }
    #expect(begun == 1 && fixture.sessions.count == 0)
    _ = try fixture.lease(key).get()
    #expect(fixture.sessions.count == 1)
  }

  @Test func tenantUserClientRouteAndCapabilitiesDivide() throws {
    var leases: [BridgeLease] = []
    for key in [fixture.key(1), fixture.key(2), fixture.key(1, subject: "bob")] {
      leases.append(try fixture.lease(key).get())
    }
    #expect(Set(leases.map { ObjectIdentifier($0.session) }).count == 3)
    var hasBegun = false
    let again = try fixture.lease(fixture.key(1)) { hasBegun = true }.get()
    #expect(again.session === leases[0].session && !hasBegun)
  }

  @Test func tooManyOfOneClientEndTheOldestOrAreRefused() throws {
    var leases: [BridgeLease] = []
    for number in 0..<UInt8(BridgeLimits.sessionsOfPrincipal) {
      leases.append(try fixture.lease(fixture.key(number)).get())
    }
    guard case .failure(.temporarilyUnavailable) = try fixture.lease(fixture.key(100)) else {
      Issue.record("a session too many")
      return
    }
    _ = try fixture.lease(fixture.key(100, subject: "bob")).get()
    let oldest = leases.remove(at: 3).session
    fixture.clock.advance(by: .seconds(1))
    leases.remove(at: 5)
    _ = try fixture.lease(fixture.key(100)).get()
    #expect(ended == 1)
    var hasBegun = false
    _ = try fixture.lease(oldest.key) { hasBegun = true }
    #expect(hasBegun)
  }

  @Test func aSessionOnAnInstanceThatIsGoneIsEnded() throws {
    let first = try fixture.lease(fixture.key()).get().session
    let second = try fixture.lease(fixture.key(), on: ["http://127.0.0.1:9002/mcp"]).get().session
    #expect(first !== second && ended == 1)
  }

  @Test func losingASessionLeavesItsSuccessorAlone() throws {
    let first = try fixture.lease(fixture.key()).get().session
    fixture.sessions.lose(first)
    let second = try fixture.lease(fixture.key()).get().session
    fixture.sessions.lose(first)
    #expect(try fixture.lease(fixture.key()).get().session === second)
  }

  @Test func theLogLevelOnlyEverGetsChattier() throws {
    let session = try fixture.session(fixture.key())
    #expect(session.mustSet(.warning) && !session.mustSet(.warning) && !session.mustSet(.error))
    #expect(session.mustSet(.debug) && !session.mustSet(.warning))
    #expect(!(try fixture.session(fixture.key(), capabilities: [:]).mustSet(.debug)))
  }

  @Test func whatIsKeptForASessionHoldsNothingThatTheClientSent() throws {
    let outbound = try fixture.contact().outbound(.post, in: try fixture.session(fixture.key()).upstream)
    #expect(outbound.headers.map(\.name).filter { $0 == "authorization" }.isEmpty)
    #expect(outbound.traceContext.map(\.name) == ["traceparent"] && outbound.assertion?.value == "signed")
    #expect(outbound.traceContext.first?.value.prefix(36) == BridgeFixture.traceparent.prefix(36))
    #expect(!String(reflecting: try fixture.contact()).utf8.contains(subsequence: "Bearer secret".utf8))
  }
}

extension Sequence where Element == UInt8 {
  func contains(subsequence: some Collection<UInt8>) -> Bool {
    let all = Array(self)
    return all.indices.contains { all[$0...].starts(with: subsequence) }
  }
}

struct ParkedCallsTests {
  private let fixture = BridgeFixture()
  private let calls = ParkedCalls()

  private func waiting(_ subject: ByteString = "ada") throws -> ParkedCall {
    let key = fixture.key(subject: subject)
    let lease = try fixture.session(key).lease()
    let round = LegacyConversation.Round(
      request: MCPRequest(id: .number(1), method: .toolsCall, params: ["name": "t"]), features: ClientFeatures([:]),
      logLevel: nil)
    let call = LegacyServerCall(round, in: lease, contact: try fixture.contact(), on: fixture.loop) { _ in }
    call.start()
    return ParkedCall(
      binding: key.binding, asked: [], server: lease.session.server, call: OnLoop(call, eventLoop: fixture.loop))
  }

  private func id(_ number: Int) -> ParkedCallID { ParkedCallID(bytes: Array("\(number)".utf8)) }

  @Test func aCallIsTakenOnceAndByItsPrincipalOnly() throws {
    let until = fixture.clock.now() + BridgeLimits.parked
    let (ada, bob) = (fixture.key().binding, fixture.key(subject: "bob").binding)
    #expect(calls.park(try waiting(), as: id(1), until: until))
    #expect(calls.peek(id(1), of: bob) == nil && calls.take(id(1), of: bob) == nil)
    #expect(calls.peek(id(1), of: ada) != nil && calls.peek(id(2), of: ada) == nil)
    #expect(calls.take(id(1), of: ada) != nil && calls.take(id(1), of: ada) == nil)
  }

  @Test func theyAreBoundedForEachPrincipal() throws {
    let until = fixture.clock.now() + BridgeLimits.parked
    for number in 0..<BridgeLimits.parkedCallsOfPrincipal {
      #expect(calls.park(try waiting(), as: id(number), until: until))
    }
    #expect(!calls.park(try waiting(), as: id(100), until: until))
    #expect(calls.park(try waiting("bob"), as: id(101), until: until))
    _ = calls.take(id(0), of: fixture.key().binding)
    #expect(calls.park(try waiting(), as: id(100), until: until))
  }

  @Test func onesThatWaitedTooLongAreGivenUpAndTheServerHears() throws {
    let until = fixture.clock.now() + BridgeLimits.parked
    #expect(calls.park(try waiting(), as: id(1), until: until))
    #expect(calls.expired(at: fixture.clock.now()).isEmpty)
    let expired = calls.expired(at: until)
    #expect(expired.count == 1 && calls.count == 0)
    expired[0].call { $0.cancel(reason: "input_timeout") }
    fixture.loop.run()
    #expect(fixture.transport.methods == ["tools/call", "notifications/cancelled"])
  }
}
