import MCPProtocol
import MartletDomain
import MartletPolicy
import MartletTestSupport
import NIOCore
import NIOEmbedded
import OAuthProtocol
import StrictCoding
import Synchronization

@testable import MartletProxy

/// An upstream that takes down what it is sent and never answers.
final class RecordingTransport: UpstreamTransport {
  private final class Call: UpstreamCall {
    func setReading(_ reading: Bool) {}
    func cancel() {}
  }

  private let requests = Mutex<[OutboundRequest]>([])

  var sent: [OutboundRequest] { requests.withLock { $0 } }

  /// What was sent with a method, as messages.
  var methods: [String] { sent.compactMap { (try? MCPMessage.parse($0.body))?.method?.name } }

  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    requests.withLock { $0.append(request) }
    return Call()
  }
}

private struct SignedAssertions: UpstreamAssertions {
  func assertion(for principal: Principal, audience: String) -> String? { "signed" }
}

/// Sessions of the bridge without an upstream.
struct BridgeFixture {
  static let instance = "http://127.0.0.1:9001/mcp"
  static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  let loop = EmbeddedEventLoop()
  let transport = RecordingTransport()
  let clock = FakeClock()
  let sessions = BridgeSessions()

  func key(_ capabilities: UInt8 = 0, subject: ByteString = "ada") -> BridgeSessionKey {
    BridgeSessionKey(binding: ProxyFixture.principal(subject: subject).binding, capabilities: [capabilities])
  }

  func contact() throws -> LegacyContact {
    let fixture = try ProxyFixture()
    let routed = try fixture.routed(
      fixture.incoming(
        "POST", "/time/mcp", query: "", [("authorization", "Bearer secret"), ("traceparent", Self.traceparent)]))
    let authenticated = AuthenticatedRequest(routed: routed, principal: ProxyFixture.principal())
    let classified = ClassifiedRequest(
      authenticated: authenticated, message: nil, bytes: [1], classification: .init(era: .modern, revision: .latest),
      mirrored: .init(version: "2026-07-28"))
    return LegacyContact(
      selector: UpstreamSelector(assertions: SignedAssertions(), random: SystemRandom()), transport: transport,
      request: AdmittedRequest(classified: classified, session: nil, permit: .system(route: ProxyFixture.time)))
  }

  func session(_ key: BridgeSessionKey, id: String? = "up", capabilities: JSONValue = ["logging": [:]]) throws
    -> BridgeSession
  {
    let response = MCPResponse(id: .number(0), outcome: .result(["capabilities": capabilities]))
    let upstream = UpstreamSession(
      id: id, revision: .latestLegacy, instance: try AbsoluteURL(parsing: Self.instance), response: response)
    return BridgeSession(key: key, upstream: upstream, contact: try contact(), clock: clock, eventLoop: loop)
  }

  /// Leases a session, beginning it where there is none.
  func lease(_ key: BridgeSessionKey, on urls: [String] = [Self.instance], begun: () -> Void = {}) throws
    -> BridgeSessions.Answer
  {
    let session = try session(key)
    let future = sessions.lease(key, on: urls, eventLoop: loop) { completion in
      begun()
      completion(.success(session))
    }
    return try future.wait()
  }
}
