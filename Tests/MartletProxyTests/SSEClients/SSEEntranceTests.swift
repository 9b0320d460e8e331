import MartletDomain
import Testing

@testable import MartletProxy

@Suite struct SSEEntranceTests {
  @Test(arguments: [
    ("/time/sse", SSEEntrance.Role.stream, "/time/mcp"),
    ("/time/sse/", .stream, "/time/mcp"),
    ("/time/messages", .messages, "/time/mcp"),
    ("/t/acme/time/sse", .stream, "/t/acme/time/mcp"),
    ("/t/acme/time/messages/", .messages, "/t/acme/time/mcp"),
  ])
  func leadsToItsRoute(path: String, role: SSEEntrance.Role, route: String) throws {
    let entrance = try #require(SSEEntrance(path: path))
    #expect(entrance.role == role)
    #expect(entrance.route.path == route)
  }

  @Test(arguments: [
    "", "/", "/sse", "/messages", "sse", "/time/mcp", "/time/SSE", "/time/sse//", "/time/sse/x", "/a/b/sse",
    "/t/acme/time/x/sse", "/time/ssex", "/time/ss\u{435}",
  ])
  func everythingElseIsNone(path: String) {
    #expect(SSEEntrance(path: path) == nil)
  }

  @Test func aChallengeNamesTheStreamInTheSpellingOfTheClient() throws {
    let fixture = try ProxyFixture()
    let slashed = fixture.incoming("GET", "/time/sse/")
    #expect(try #require(SSEEntrance(path: "/time/sse/")).challengedPath(of: slashed) == "/time/sse/")
    let posted = fixture.incoming("POST", "/time/messages/")
    #expect(try #require(SSEEntrance(path: "/time/messages/")).challengedPath(of: posted) == "/time/sse")
  }

  @Test func theRequestIsOneToTheRoute() throws {
    let fixture = try ProxyFixture()
    let entrance = try #require(SSEEntrance(path: "/time/messages"))
    let request = entrance.onRoute(fixture.incoming("POST", "/time/messages", query: "session_id=1", [("a", "b")]))
    #expect(request.path == "/time/mcp" && request.query == "session_id=1" && request.headers.first("a") == "b")
    #expect(try fixture.routed(request).route.resource.id == ProxyFixture.time)
  }
}
