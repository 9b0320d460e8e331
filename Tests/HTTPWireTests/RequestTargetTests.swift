import HTTPWire
import Testing

@Suite struct RequestTargetTests {
  @Test(
    arguments: [
      ("/", nil, "/", ""), ("/a/b?c?d", nil, "/a/b", "c?d"), ("/?", nil, "/", ""), ("*", nil, "*", ""),
      ("http://h", "h", "/", ""), ("HTTP://H:1/a?b", "H:1", "/a", "b"), ("https://h?x", "h", "/", "x"),
      ("//h/a", nil, "//h/a", ""), ("http:/h", nil, "http:/h", ""),
    ] as [(String, String?, String, String)])
  func targetsAreTakenApart(target: String, authority: String?, path: String, query: String) {
    let parts = RequestTarget(Array(target.utf8)[...])
    #expect(parts.authority.map { String(decoding: $0, as: UTF8.self) } == authority)
    #expect(String(decoding: parts.path, as: UTF8.self) == path)
    #expect(String(decoding: parts.query, as: UTF8.self) == query)
  }
}
