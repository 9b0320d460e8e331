import OAuthProtocol
import Testing

@testable import MartletProxy

@Suite struct SSEEndpointTests {
  static let base = "http://up.example:8000/api/sse?key=1"

  @Test(arguments: [
    ("/messages?session_id=1", "/messages?session_id=1"),
    ("messages/?session_id=1", "/api/messages/?session_id=1"),
    ("?session_id=1", "/api/sse?session_id=1"),
    ("./m", "/api/m"),
    ("../m", "/m"),
    ("../../../m", "/m"),
    ("/a/./b/../c", "/a/c"),
    ("/a/..", "/"),
    ("..", "/"),
    (".", "/api/"),
    ("m?a=../b", "/api/m?a=../b"),
    ("m?u=http://other.example/", "/api/m?u=http://other.example/"),
    ("/m:1", "/m:1"),
    ("http://up.example:8000/m", "/m"),
    ("HTTP://UP.example:8000/m", "/m"),
    ("//up.example:8000/m?x", "/m?x"),
    ("http://up.example:8000", "/"),
  ])
  func resolvesOnTheSameOrigin(reference: String, target: String) throws {
    let base = try AbsoluteURL(parsing: Self.base)
    let url = try #require(SSEEndpoint.resolve(Array(reference.utf8), against: base))
    #expect(url.requestTarget == target)
    #expect(url.origin == base.origin)
  }

  @Test(arguments: [
    "", " ", "/a b", "/m#f", "#f", "/\\other.example", "\\\\other.example/m", "http:/m", "http:m", "data:x",
    "javascript:1",
    "http://other.example:8000/m", "//other.example:8000/m", "https://up.example:8000/m", "http://up.example/m",
    "http://up.example:8001/m", "http://up.example:8000@other.example/m", "http://user@up.example:8000/m",
    "http://up.example.:8000/m", "http://up.example:8000:1/m", "/m\u{0}", "/\u{430}", "//", "///other.example/m",
    "http://up.example:80%300/m",
  ])
  func V_037_refusesWhatLeavesTheOriginOrIsNoURL(reference: String) throws {
    let base = try AbsoluteURL(parsing: Self.base)
    #expect(SSEEndpoint.resolve(Array(reference.utf8), against: base) == nil)
  }

  @Test func refusesWhatIsTooLongOrNotText() throws {
    let base = try AbsoluteURL(parsing: Self.base)
    #expect(SSEEndpoint.resolve(Array("/".utf8) + Array(repeating: 0x61, count: 4096), against: base) == nil)
    #expect(SSEEndpoint.resolve([0x2F, 0xFF], against: base) == nil)
  }

  @Test func theDefaultPortIsTheSameOrigin() throws {
    let base = try AbsoluteURL(parsing: "https://up.example/sse")
    #expect(SSEEndpoint.resolve(Array("https://up.example:443/m".utf8), against: base) != nil)
    #expect(SSEEndpoint.resolve(Array("http://up.example:443/m".utf8), against: base) == nil)
  }
}
