import MCPProtocol
import MartletDomain
import MartletPolicy
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletProxy

struct OutboundRequestTests {
  private struct Signed: UpstreamAssertions {
    func assertion(for principal: Principal, audience: String) -> String? { "signed for \(audience)" }
  }

  private struct Unsigned: UpstreamAssertions {
    func assertion(for principal: Principal, audience: String) -> String? { nil }
  }

  /// All that an upstream may ever see beside `Host` and `Content-Length` (invariant 1, X9).
  private static let allowed: Set<String> = [
    "content-type", "accept", "mcp-protocol-version", "mcp-session-id", "last-event-id", "mcp-method", "mcp-name",
    "martlet-assertion",
    "traceparent", "tracestate", "accept-encoding",
  ]

  static let hostile: [(name: String, value: String)] =
    [
      "authorization", "cookie", "host", "referer", "x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip",
      "x-gateway-user",
      "x-remote-user", "proxy-authorization", "martlet-assertion", "x-api-key", "via", "te", "connection", "upgrade",
      "transfer-encoding",
      "content-length", "accept-encoding", "user-agent", "dpop", "range", "expect",
    ].map { ($0, "hostile") } + [("origin", "https://gw.example")]

  private func outbound(
    _ body: String?, method: String = "POST", _ headers: [(name: String, value: String)], session: MCPSession? = nil,
    assertions: any UpstreamAssertions = Signed()
  ) throws -> OutboundRequest {
    let fixture = try ProxyFixture()
    let routed = try fixture.routed(fixture.incoming(method, "/time/mcp", headers))
    let authenticated = AuthenticatedRequest(routed: routed, principal: ProxyFixture.principal())
    let classified =
      if let body { try Classifier().classify(authenticated, body: Array(body.utf8)) } else {
        try Classifier().classifyBodiless(authenticated)
      }
    let request = AdmittedRequest(
      classified: classified, session: session.map { BoundSession(KnownSession($0)) },
      permit: .system(route: ProxyFixture.time))
    return try UpstreamSelector(assertions: assertions, random: SystemRandom()).outbound(request)
  }

  private let call = #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}"#
  private let modernCall =
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"_meta":"#
    + #"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#
  private let modernHeaders = [
    (name: "mcp-protocol-version", value: "2026-07-28"), (name: "mcp-method", value: "tools/call"),
    (name: "mcp-name", value: "echo"),
  ]

  @Test func V_039_X9_onlyTheAllowListGoesOut() throws {
    for headers in try [
      outbound(call, Self.hostile).headers, outbound(modernCall, Self.hostile + modernHeaders).headers,
    ] {
      #expect(Set(headers.map(\.name)).isSubset(of: Self.allowed), "\(headers)")
      #expect(!headers.contains { $0.value == "hostile" })
      #expect(Set(headers.map(\.name)).count == headers.count, "no field twice")
      #expect(headers.first { $0.name == "martlet-assertion" }?.value == "signed for http://127.0.0.1:9001/mcp")
    }
  }

  @Test(arguments: [OutboundRequest.Method.post, .get, .delete])
  func X9_noCodingIsWelcome(method: OutboundRequest.Method) throws {
    let url = try AbsoluteURL(parsing: "http://127.0.0.1:9001/mcp")
    let request = OutboundRequest(permit: .system(route: ProxyFixture.time), method: method, url: url)
    #expect(request.headers.filter { $0.name == "accept-encoding" }.map(\.value) == ["identity"])
  }

  @Test func V_028_theBytesThatWereAcceptedGoOut() throws {
    let odd = "  " + call.replacing(":", with: " : ") + "\r\n"
    #expect(try outbound(odd, []).body == Array(odd.utf8))
  }

  @Test func R_54_aCallIsNotRepeatable() throws {
    #expect(try !outbound(call, []).isRepeatable)
    #expect(try !outbound(modernCall, modernHeaders).isRepeatable)
    #expect(try outbound(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, []).isRepeatable)
    #expect(
      try !outbound(#"{"jsonrpc":"2.0","id":1,"method":"acme/order"}"#, []).isRepeatable, "nobody knows what it does")
    #expect(try !outbound(#"{"jsonrpc":"2.0","id":1,"result":{}}"#, []).isRepeatable)
  }

  @Test func X9_sessionAndVersionAreTheUpstreams() throws {
    let session = MCPSession(
      digest: ArtefactDigest(bytes: [UInt8](repeating: 1, count: 32)), binding: ProxyFixture.principal().binding,
      revision: .v20250618,
      initializeRequest: [], upstreamSession: "theirs", upstreamURL: "http://127.0.0.1:9001/mcp",
      createdAt: Timestamp(seconds: 0), usedAt: Timestamp(seconds: 0))
    let headers = try outbound(
      call, [("mcp-session-id", "ours"), ("mcp-protocol-version", "2025-11-25")], session: session
    ).headers
    #expect(headers.first { $0.name == "mcp-session-id" }?.value == "theirs")
    #expect(
      headers.first { $0.name == "mcp-protocol-version" }?.value == "2025-06-18", "what was agreed on for this session")
    let get = try outbound(nil, method: "GET", [("mcp-session-id", "ours"), ("last-event-id", "e7")], session: session)
    #expect(get.method == .get)
    #expect(!get.headers.contains { $0.name == "last-event-id" }, "event ids are ours; the stream knows the upstream's")
    let delete = try outbound(
      nil, method: "DELETE", [("mcp-session-id", "ours"), ("last-event-id", "e7")], session: session)
    #expect(delete.method == .delete)
    #expect(!delete.headers.contains { $0.name == "last-event-id" })
  }

  @Test func V_039_traceContextOnceOrNotAtAll() throws {
    let trace = (name: "traceparent", value: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    #expect(try outbound(call, [trace]).traceContext.count == 1)
    #expect(try outbound(call, [trace, trace]).traceContext.isEmpty)
    #expect(try outbound(call, [("tracestate", String(repeating: "a", count: 600))]).traceContext.isEmpty)
  }

  @Test func V_030_unknownParametersGoOnAndOthersAreComputed() throws {
    let headers = try outbound(modernCall, modernHeaders + [("mcp-param-region", "eu")]).headers
    #expect(headers.first { $0.name == "mcp-param-region" }?.value == "eu")
    #expect(headers.first { $0.name == "mcp-name" }?.value == "echo")
    #expect(headers.first { $0.name == "mcp-protocol-version" }?.value == "2026-07-28")
  }

  @Test func V_030_aMirroredParameterIsAFieldInLowerCase() throws {
    var request = try outbound(modernCall, modernHeaders)
    request.mirrored?.parameters = [MirroredHeaders.Parameter(name: "Region", value: "EU")]
    #expect(request.headers.contains { $0.name == "mcp-param-region" && $0.value == "EU" })
  }

  @Test func withoutAnAssertionNothingGoesOut() {
    #expect(throws: Rejection.self) { try outbound(call, [], assertions: Unsigned()) }
  }
}
