import MCPProtocol
import MartletDomain
import MartletPolicy
import StrictCoding
import Testing

@testable import MartletProxy

struct RejectionRenderingTests {
  private static let secret = "reason-for-the-trail-only"

  /// Every case once; a new one doesn't compile here until it is listed.
  private static func expectation(_ rejection: Rejection) -> (status: Int, header: String?) {
    switch rejection {
    case .unknownRoute: (404, nil)
    case .foreignOrigin: (403, nil)
    case .unauthenticated, .invalidToken, .malformedCredential: (401, "www-authenticate")
    case .tooManyGuesses: (429, "retry-after")
    case .methodNotAllowed: (405, "allow")
    case .unsupportedMediaType: (415, nil)
    case .bodyTooLarge: (413, nil)
    case .bodyTimeout: (408, nil)
    case .malformedMessage: (400, nil)
    case .unknownSession: (404, nil)
    case .unknownTask(let id): (id == nil ? 404 : 200, nil)
    case .denied(_, let id): (id == nil ? 403 : 200, nil)
    case .approvalRequired(_, let id): (id == nil ? 403 : 200, nil)
    case .limited: (429, "retry-after")
    case .upstreamUnavailable(_, let id): (id == nil ? 503 : 200, "retry-after")
    case .outcomeUnknown(_, let id): (id == nil ? 502 : 200, nil)
    case .connectionRequired(_, let id): (id == nil ? 503 : 200, nil)
    case .scopesExhausted(_, let id): (id == nil ? 403 : 200, nil)
    case .temporarilyUnavailable(_, let id): (id == nil ? 503 : 200, "retry-after")
    }
  }

  private static let limit = LimitRefusal(limit: "few", kind: .rate, quota: 3, window: 60, retryAfter: 20)

  static let rejections: [Rejection] = [
    .unknownRoute, .foreignOrigin, .unauthenticated, .invalidToken(reason: secret), .malformedCredential,
    .tooManyGuesses(seconds: 3), .methodNotAllowed(allow: "POST"),
    .unsupportedMediaType, .bodyTooLarge, .bodyTimeout, .unknownSession(id: .number(7)), .unknownSession(id: nil),
    .unknownTask(id: .number(7)), .unknownTask(id: nil),
    .denied(reason: secret, id: .number(7)), .denied(reason: secret, id: nil),
    .approvalRequired("apr_1", id: .number(7)), .approvalRequired("apr_1", id: nil),
    .limited(limit, id: .number(7)), .limited(limit, id: nil), .upstreamUnavailable(reason: secret, id: .number(7)),
    .upstreamUnavailable(reason: secret, id: nil), .outcomeUnknown(reason: secret, id: .number(7)),
    .outcomeUnknown(reason: secret, id: nil), .connectionRequired(ConnectionNeed(reason: nil), id: .number(7)),
    .connectionRequired(ConnectionNeed(reason: .rejected), id: nil),
    .scopesExhausted("files:write", id: .number(7)), .scopesExhausted("", id: nil),
    .temporarilyUnavailable(reason: secret, id: .number(7)), .temporarilyUnavailable(reason: secret),
  ]

  private func render(_ rejection: Rejection, path: String = "/time/mcp") throws -> GatewayResponse {
    RejectionRendering(settings: try ProxyFixture().settings).render(rejection, path: path)
  }

  @Test(arguments: rejections.indices) func eachHasItsStatusAndABodyOfJSON(index: Int) throws {
    let rejection = Self.rejections[index]
    let response = try render(rejection)
    let (status, header) = Self.expectation(rejection)
    #expect(response.head.status == status)
    if let header { #expect(response.head.headers.count(header) == 1) }
    #expect(response.head.headers.first("content-type") == "application/json")
    #expect(response.head.headers.first("cache-control") == "no-store")
    #expect(throws: Never.self) { try JSONReader.parse(response.body) }
    #expect(!String(decoding: response.body, as: UTF8.self).contains(Self.secret), "reasons are for the trail")
    #expect((response.head.headers.first("www-authenticate") != nil) == (status == 401), "V-042")
  }

  @Test func D7_anErrorOnlyWhereATokenWasSent() throws {
    let none = try #require(try render(.unauthenticated).head.headers.first("www-authenticate"))
    #expect(!none.contains("error"))
    #expect(none.contains("scope=\"mcp\""))
    let bad = try #require(try render(.invalidToken(reason: "x")).head.headers.first("www-authenticate"))
    #expect(bad.contains("error=\"invalid_token\""))
  }

  @Test func D12_theChallengeNamesTheSpellingAskedFor() throws {
    for path in ["/time/mcp", "/time/mcp/"] {
      let challenge = try #require(try render(.unauthenticated, path: path).head.headers.first("www-authenticate"))
      #expect(
        challenge.contains("resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource\(path)\""))
    }
  }

  @Test func ownErrorsHaveTheirCodes() throws {
    let denied = try JSONReader.parse(try render(.denied(reason: "x", id: .number(7))).body)
    #expect(denied["error"]?["code"]?.int64Value == -31001)
    #expect(denied["id"]?.int64Value == 7)
    let unavailable = try JSONReader.parse(try render(.upstreamUnavailable(reason: "x", id: .number(7))).body)
    #expect(unavailable["error"]?["code"]?.int64Value == -31003)
    let unknown = try JSONReader.parse(try render(.outcomeUnknown(reason: "x", id: .number(7))).body)
    #expect(unknown["error"]?["code"]?.int64Value == -31003)
    #expect(unknown["error"]?["message"]?.stringValue?.contains("not sent again") == true, "R-54")
  }

  @Test func V_014_noSessionLooksLikeAnyOther() throws {
    // Whose session it is, or was, has no place in the refusal: only the request's own id differs.
    for id: JSONRPCID? in [.number(1), .string("x"), nil] {
      let refusal = try render(.unknownSession(id: id))
      let error: JSONValue = ["code": -32_001, "message": "Session not found"]
      #expect(try JSONReader.parse(refusal.body) == ["jsonrpc": "2.0", "id": id?.json ?? .null, "error": error])
      #expect(refusal.head.status == 404)
      #expect(refusal.head.headers.fields.map(\.name) == ["content-type", "cache-control"])
    }
  }
}
