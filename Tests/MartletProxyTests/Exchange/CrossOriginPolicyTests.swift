import Testing

@testable import MartletProxy

struct CrossOriginPolicyTests {
  private func decorated(_ origins: [String]) throws -> HeaderFields {
    let fixture = try ProxyFixture(allowedOrigins: ["http://localhost:6274"])
    let request = fixture.incoming("POST", "/time/mcp", origins.map { ("origin", $0) })
    var head = GatewayResponse.Head(status: 200)
    CrossOriginPolicy(origin: RequestRouter(settings: fixture.settings).origin(of: request)).decorate(&head)
    return head.headers
  }

  @Test func X12_listedOriginsMayRead() throws {
    let headers = try decorated(["http://localhost:6274"])
    #expect(headers.first("access-control-allow-origin") == "http://localhost:6274")
    #expect(headers.first("access-control-expose-headers")?.contains("WWW-Authenticate") == true)
    #expect(headers.first("vary") == "Origin")
    #expect(headers.first("access-control-allow-credentials") == nil)
  }

  @Test(arguments: [[], ["null"], ["https://evil.example"], ["http://localhost:6274", "http://localhost:6274"], ["*"]])
  func V_088_othersMayNot(origins: [String]) throws {
    #expect(try decorated(origins).first("access-control-allow-origin") == nil)
  }
}
