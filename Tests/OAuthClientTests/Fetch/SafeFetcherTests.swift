import Foundation
import MartletTestSupport
import NIOCore
import OAuthProtocol
import Testing

@testable import OAuthClient

@Suite struct SafeFetcherTests {
  private static func fetcher(resolver: any HostResolver = SystemHostResolver.guarded()) throws -> SafeFetcher {
    try .guarded(policy: AddressPolicy(allow: [try #require(CIDR("127.0.0.0/8"))]), resolver: resolver)
  }

  private static func url(_ server: LoopbackServer, _ path: String = "/d") throws -> AbsoluteURL {
    try AbsoluteURL(parsing: "http://127.0.0.1:\(server.port)\(path)")
  }

  private static func failure(
    limits: FetchLimits = .patient, _ script: @escaping @Sendable (String) -> [LoopbackServer.Step]
  ) async throws -> FetchError? {
    let server = try await LoopbackServer.start(script)
    defer { server.stop() }
    do {
      let (fetcher, url) = (try fetcher(), try url(server))
      _ = try await bounded { try await fetcher.get(url, accept: "application/json", limits: limits) }
      return nil
    } catch let error as FetchError {
      return error
    }
  }

  @Test func getAndPost() async throws {
    let server = try await LoopbackServer.start { _ in LoopbackServer.json(#"{"a":1}"#) }
    defer { server.stop() }
    let document = try await Self.fetcher().get(try Self.url(server, "/a/b?c=d"), limits: .patient)
    #expect(try document.jsonObject()["a"]?.int64Value == 1)
    _ = try await Self.fetcher().post(
      try Self.url(server), form: Array("x=1".utf8), headers: [("authorization", "Basic eA==")], limits: .patient)
    let get = try #require(server.requests.first)
    #expect(get.hasPrefix("GET /a/b?c=d HTTP/1.1\r\nhost: 127.0.0.1:\(server.port)\r\n"))
    #expect(get.contains("accept-encoding: identity\r\n"))
    #expect(!get.lowercased().contains("cookie"))
    let post = try #require(server.requests.last)
    #expect(post.contains("authorization: Basic eA==\r\n") && post.contains("content-length: 3\r\n"))
    #expect(post.hasSuffix("\r\n\r\nx=1"))
  }

  @Test func chunkedAndConnectionDelimitedBodies() async throws {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    for answer in ["\(head)Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "\(head)\r\n{}"] {
      let server = try await LoopbackServer.start { _ in [.send(answer)] }
      defer { server.stop() }
      #expect(try await Self.fetcher().get(try Self.url(server), limits: .patient).body == Array("{}".utf8))
    }
  }

  @Test(arguments: [301, 302, 303, 307, 308]) func V_092_redirectsAreNotFollowed(status: Int) async throws {
    let target = try await LoopbackServer.start { _ in LoopbackServer.json("{}") }
    let server = try await LoopbackServer.start { [port = target.port] _ in
      [.send("HTTP/1.1 \(status) x\r\nLocation: http://127.0.0.1:\(port)/d\r\nContent-Length: 0\r\n\r\n")]
    }
    defer { target.stop(); server.stop() }
    let document = try await Self.fetcher().get(try Self.url(server), limits: .patient)
    #expect(document.status == status)
    #expect(throws: FetchError.unexpectedStatus(status)) { try document.jsonObject() }
    #expect(target.requests.isEmpty)
  }

  @Test func V_093_announcedOversizeIsRefusedBeforeTheBody() async throws {
    let error = try await Self.failure { _ in
      [.send("HTTP/1.1 200 OK\r\nContent-Length: 5121\r\n\r\n"), .hang]
    }
    #expect(error == .tooLarge(limit: 5120))
  }

  @Test func V_093_hugeContentLength() async throws {
    for length in ["9223372036854775807", "18446744073709551615", "99999999999999999999999999"] {
      let error = try await Self.failure { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"), .hang] }
      #expect(error == .tooLarge(limit: 5120) || error == .malformedResponse("http"))
    }
  }

  @Test func V_093_streamedOversizeIsCutOff() async throws {
    let error = try await Self.failure { _ in
      [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
        + (0..<1_000).map { _ in .send("400\r\n\(String(repeating: "x", count: 1024))\r\n") } + [.hang]
    }
    #expect(error == .tooLarge(limit: 5120))
  }

  @Test func V_093_exactlyTheLimitIsFine() async throws {
    let body = "\"" + String(repeating: "x", count: 5118) + "\""
    #expect(try await Self.failure { _ in LoopbackServer.json(body) } == nil)
  }

  @Test func V_093_headerFlood() async throws {
    let error = try await Self.failure { _ in
      [.send("HTTP/1.1 200 OK\r\n")] + (0..<4_000).map { .send("X-\($0): \(String(repeating: "y", count: 100))\r\n") }
        + [.hang]
    }
    #expect(error == .malformedResponse("http"))
  }

  @Test func V_093_slowAnswerEndsAtTheDeadline() async throws {
    let limits = FetchLimits(maxBytes: 5120, totalSeconds: 0.2)
    let error = try await Self.failure(limits: limits) { _ in
      [.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")]
        + (0..<20).flatMap { _ -> [LoopbackServer.Step] in [.send("x"), .wait(.milliseconds(50))] } + [.hang]
    }
    #expect(error == .timedOut)
    #expect(try await Self.failure(limits: limits) { _ in [.hang] } == .timedOut)
  }

  @Test func V_093_compressedAnswersAreRefused() async throws {
    for coding in ["gzip", "deflate", "br", "identity, gzip"] {
      let error = try await Self.failure { _ in
        [
          .send("HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: 4\r\n\r\n"),
          .bytes([0x1F, 0x8B, 8, 0]),
        ]
      }
      #expect(error == .malformedResponse("content coding"))
    }
  }

  @Test func V_093_depthAndType() throws {
    let deep = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
    #expect(throws: FetchError.self) { try FetchedDocument.json(#"{"a":\#(deep)}"#).jsonObject() }
    #expect(throws: FetchError.self) { try FetchedDocument.json("[]").jsonObject() }
    #expect(throws: FetchError.self) { try FetchedDocument.json(#"{"a":1,"a":2}"#).jsonObject() }
    let html = FetchedDocument(status: 200, headers: [("Content-Type", "text/html")], body: Array("{}".utf8))
    #expect(throws: FetchError.notJSON("content type")) { try html.jsonObject() }
    let suffixed = FetchedDocument(
      status: 200, headers: [("content-type", "application/cimd+JSON; charset=utf-8")], body: Array("{}".utf8))
    #expect(throws: Never.self) { try suffixed.jsonObject() }
  }

  @Test func truncatedAndBrokenAnswers() async throws {
    let answers = ["", "HTTP/1.1 200", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12"]
    for answer in answers {
      let error = try await Self.failure { _ in [.send(answer)] }
      #expect(error != nil, "\(answer)")
    }
  }

  @Test func tlsNameIsTheHostAndTheAddressIsPinned() async throws {
    let server = try await LoopbackServer.start(tls: true) { _ in LoopbackServer.json("{}") }
    defer { server.stop() }
    let folder = ScratchFolder()
    let file = folder.newPath()
    try TestCertificates.authority.write(toFile: file, atomically: true, encoding: .utf8)
    let resolver = ScriptedResolver { _, _ throws(FetchError) in try SafeFetcherPolicyTests.addresses(["127.0.0.1"]) }
    let policy = AddressPolicy(allow: [try #require(CIDR("127.0.0.1/32"))])
    let fetcher = try SafeFetcher.guarded(policy: policy, certificateAuthorityFile: file, resolver: resolver)
    let document = try await fetcher.get(
      try AbsoluteURL(parsing: "https://client.example:\(server.port)/x"), limits: .patient)
    #expect(document.status == 200)
    _ = try await fetcher.get(try AbsoluteURL(parsing: "https://127.0.0.1:\(server.port)/x"), limits: .patient)
    await #expect(throws: FetchError.tlsFailed("name"), "NIOSSL itself is content with the address in the certificate")
    {
      _ = try await fetcher.get(try AbsoluteURL(parsing: "https://other.example:\(server.port)/x"), limits: .patient)
    }
    let trustsSystemOnly = try SafeFetcher.guarded(policy: policy, resolver: resolver)
    await #expect(throws: FetchError.tlsFailed("handshake"), "unknown authority") {
      _ = try await trustsSystemOnly.get(
        try AbsoluteURL(parsing: "https://client.example:\(server.port)/x"), limits: .patient)
    }
  }

  @Test func R_96_dnsFailureIsTransientAndNotRemembered() async throws {
    let server = try await LoopbackServer.start { _ in LoopbackServer.json("{}") }
    defer { server.stop() }
    let resolver = ScriptedResolver { turn, _ throws(FetchError) in
      if turn <= 3 { throw .unresolvable("down") }
      return try SafeFetcherPolicyTests.addresses(["127.0.0.1"])
    }
    let fetcher = try Self.fetcher(resolver: resolver)
    let url = try AbsoluteURL(parsing: "http://name.example:\(server.port)/")
    for _ in 1...3 {
      let error = await #expect(throws: FetchError.self) { _ = try await fetcher.get(url, limits: .patient) }
      #expect(error?.isTransient == true)
    }
    #expect(try await fetcher.get(url, limits: .patient).status == 200)
  }

  @Test func unresolvableNameWithTheSystemResolver() async throws {
    let error = await #expect(throws: FetchError.self) {
      _ = try await SystemHostResolver.guarded().addresses(of: "does-not-exist.invalid", deadline: .patient)
    }
    #expect(error?.isTransient == true)
    let loopback = try await SystemHostResolver.guarded().addresses(of: "127.0.0.1", deadline: .patient)
    #expect(loopback.map(\.description) == ["127.0.0.1"])
  }

  @Test func refusedConnectionTriesTheNextAddress() async throws {
    let server = try await LoopbackServer.start { _ in LoopbackServer.json("{}") }
    defer { server.stop() }
    let resolver = ScriptedResolver { _, _ throws(FetchError) in
      try SafeFetcherPolicyTests.addresses(["127.0.0.9", "127.0.0.1"])
    }
    let document = try await Self.fetcher(resolver: resolver)
      .get(try AbsoluteURL(parsing: "http://two.example:\(server.port)/"), limits: .patient)
    #expect(document.status == 200)
  }
}
