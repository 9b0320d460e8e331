import MartletDomain
import Testing

@testable import MartletProxy

struct RequestRouterTests {
  private func reason(_ path: String, _ headers: [(name: String, value: String)] = []) throws -> String {
    let fixture = try ProxyFixture(allowedOrigins: ["https://console.example"])
    do {
      return try fixture.routed(fixture.incoming("POST", path, headers)).route.resource.id.path
    } catch let rejection as Rejection {
      return rejection.reason
    }
  }

  @Test func D12_bothSpellingsAreOneRoute() throws {
    #expect(try reason("/time/mcp") == "/time/mcp")
    #expect(try reason("/time/mcp/") == "/time/mcp")
    #expect(try reason("/notes/mcp") == "/notes/mcp")
  }

  @Test(arguments: [
    "/", "", "/time", "/time/", "/time/mcp//", "//time/mcp", "/TIME/mcp", "/time/MCP", "/time/mcpx", "/x/time/mcp",
    "/time/mcp/x", "/nosuch/mcp",
    "/t/default/time/mcp", "/time/mcp?", "/time/mcp%2f", "/time/mcp;", "time/mcp", "/\u{17F}ime/mcp", "/time/mcp\u{0}",
  ])
  func V_065_nothingElseIsARoute(path: String) throws {
    #expect(try reason(path) == "unknown_route")
  }

  @Test func X13_originsThatMayCall() throws {
    #expect(try reason("/time/mcp", []) == "/time/mcp", "hosted clients send none")
    for origin in ["https://gw.example", "https://console.example"] {
      #expect(try reason("/time/mcp", [("origin", origin)]) == "/time/mcp")
    }
  }

  @Test(arguments: [
    "null", "", "https://evil.example", "https://gw.example.evil", "http://gw.example", "https://gw.example:444",
    "https://gw.example/",
    "https://gw.example, https://evil.example", "https://x@gw.example", "gw.example", "*", "https://console.example.",
    "https://gw\u{3002}example",
  ])
  func V_010_N_25_foreignOriginsAreTurnedAway(origin: String) throws {
    #expect(try reason("/time/mcp", [("origin", origin)]) == "foreign_origin")
  }

  @Test func V_010_oneOriginOnly() throws {
    let own = (name: "origin", value: "https://gw.example")
    #expect(try reason("/time/mcp", [own, own]) == "foreign_origin")
    #expect(try reason("/time/mcp", [own, ("origin", "https://evil.example")]) == "foreign_origin")
  }

  @Test func V_011_aCrossSiteFetchNeedsAnAllowedOrigin() throws {
    #expect(try reason("/time/mcp", [("sec-fetch-site", "cross-site")]) == "foreign_origin")
    #expect(try reason("/time/mcp", [("sec-fetch-site", "same-origin")]) == "/time/mcp")
    let listed = [(name: "sec-fetch-site", value: "cross-site"), (name: "origin", value: "https://console.example")]
    #expect(try reason("/time/mcp", listed) == "/time/mcp")
  }
}
