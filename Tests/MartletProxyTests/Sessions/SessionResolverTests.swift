@_spi(Verification) import MartletDomain
import MartletTestSupport
import NIOCore
import NIOPosix
import Testing

@testable import MartletProxy

struct SessionResolverTests {
  private let store = MemoryStore()
  private let clock = FakeClock()

  private var sessions: MCPSessions { MCPSessions(store: store, clock: clock, random: SeededRandom(seed: 3)) }

  private func open(_ sessions: MCPSessions, for principal: Principal) async throws -> String {
    let id = try await sessions.open { digest, now in
      MCPSession(
        digest: digest, binding: principal.binding, revision: .v20250618, initializeRequest: [], upstreamSession: "up",
        upstreamURL: "http://127.0.0.1:9001/mcp", createdAt: now, usedAt: now)
    }
    return String(decoding: id.expose(), as: UTF8.self)
  }

  private func resolve(_ values: [String], for principal: Principal, in sessions: MCPSessions) async throws -> String {
    let fixture = try ProxyFixture()
    let routed = try fixture.routed(fixture.incoming("POST", "/time/mcp", values.map { ("mcp-session-id", $0) }))
    let request = AuthenticatedRequest(routed: routed, principal: principal)
    let resolver = SessionResolver(sessions: sessions)
    let result =
      switch resolver.resolve(request, id: nil, on: NIOSingletons.posixEventLoopGroup.next()) {
      case .ready(let result): result
      case .later(let future): try await future.get()
      }
    switch result {
    case .success(nil): return "none"
    case .success: return "bound"
    case .failure(let rejection): return rejection.reason
    }
  }

  @Test func V_014_aSessionIsItsPrincipalsOnly() async throws {
    let sessions = sessions
    let ada = ProxyFixture.principal()
    let id = try await open(sessions, for: ada)
    #expect(try await resolve([id], for: ada, in: sessions) == "bound")
    let renewed = ProxyFixture.principal(expiresAt: Timestamp(seconds: 1_900_000_000))
    #expect(try await resolve([id], for: renewed, in: sessions) == "bound", "whatever token they hold now")
    for other in [
      ProxyFixture.principal(subject: "bob"), ProxyFixture.principal(client: "other"),
      ProxyFixture.principal(tenant: "acme"),
      ProxyFixture.principal(issuer: "https://evil.example"), ProxyFixture.principal(route: ProxyFixture.notes),
    ] {
      #expect(try await resolve([id], for: other, in: sessions) == "unknown_session")
    }
  }

  @Test func V_016_nothingIsGuessed() async throws {
    let sessions = sessions
    let ada = ProxyFixture.principal()
    let id = try await open(sessions, for: ada)
    #expect(try await resolve([], for: ada, in: sessions) == "none")
    for values in [
      [""], [" "], [id, id], [id, "x"], ["x", id], [id + "A"], [String(id.dropLast())], [id.uppercased()], [" " + id],
      ["*"],
    ] {
      #expect(try await resolve(values, for: ada, in: sessions) == "unknown_session", "\(values)")
    }
  }

  @Test func X2_sessionsLiveInTheStore() async throws {
    let ada = ProxyFixture.principal()
    let id = try await open(sessions, for: ada)
    let another = sessions
    #expect(try await resolve([id], for: ada, in: another) == "bound", "another process, or this one after a restart")
    try await another.end(try #require(ArtefactKind.mcpSession.digest(id.utf8)))
    #expect(try await resolve([id], for: ada, in: another) == "unknown_session")
  }

  @Test func anEndElsewhereIsSeenOnceItIsHeardOf() async throws {
    let (here, there) = (sessions, sessions)
    let ada = ProxyFixture.principal()
    let id = try await open(here, for: ada)
    await here.hear { _ in }
    try await there.end(try #require(ArtefactKind.mcpSession.digest(id.utf8)))
    await here.hear { _ in }
    #expect(try await resolve([id], for: ada, in: here) == "unknown_session")
  }

  @Test func aStoreThatFailsIsNotAnUnknownSession() async throws {
    let id = try await open(sessions, for: ProxyFixture.principal())
    store.fail(with: .unavailable("disk"))
    #expect(
      try await resolve([id], for: ProxyFixture.principal(), in: sessions) == "temporarily_unavailable:session_store",
      "a 404 would end a session that is still there")
  }

  @Test func N_27_idsAreLongAndDiffer() async throws {
    let sessions = sessions
    var seen: Set<String> = []
    for _ in 0..<100 { seen.insert(try await open(sessions, for: ProxyFixture.principal())) }
    #expect(seen.count == 100)
    #expect(seen.allSatisfy { $0.utf8.count >= 22 && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
  }
}
