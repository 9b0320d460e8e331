import MartletDomain

/// What every `MCPSessionStore` and `FetchedDocumentStore` must do.
public enum SessionStoreContract {
  /// Sessions come back as stored, follow their upstream, and end.
  public static func sessionsFollowTheirUpstream(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var session = sample.mcpSession()
    session.initializeRequest = [0, 255, 1]
    session.binding = PrincipalBinding(
      tenant: "acme", issuer: "https://gw", subject: "s\u{0}", client: "c",
      route: RouteID(space: "acme", server: "time"))
    var idle = sample.mcpSession()
    idle.upstreamSession = nil
    for stored in [session, idle] {
      try await store.createMCPSession(stored)
      try expect(try await store.mcpSession(stored.digest), is: stored)
    }
    let other = "http://127.0.0.1:9002/mcp"
    let held = session.upstreamSession
    try expect(try await store.moveMCPSession(session.digest, from: "stale", to: "x", at: other), is: false)
    try expect(try await store.moveMCPSession(session.digest, from: nil, to: "x", at: other), is: false)
    try expect(try await store.moveMCPSession(session.digest, from: held, to: nil, at: other), is: true)
    try expect(try await store.moveMCPSession(session.digest, from: held, to: "x", at: other), is: false)
    session.upstreamSession = nil
    session.upstreamURL = other
    try expect(try await store.moveMCPSession(sample.digest(), from: nil, to: "x", at: "y"), is: false)
    try await store.setLogLevel("warning", of: session.digest)
    session.logLevel = "warning"
    for uri in ["a:1", "a:\u{0}2", "a:1"] { try await store.watchResource(uri, isWatched: true, in: session.digest) }
    try await store.watchResource("a:3", isWatched: false, in: session.digest)
    session.watchedResources = ["a:\u{0}2", "a:1"]
    try await store.noteMCPSessionUse([session.digest, sample.digest()], at: sample.now + .seconds(60))
    try await store.noteMCPSessionUse([session.digest], at: sample.now + .seconds(30))
    session.usedAt = sample.now + .seconds(60)
    try expect(try await store.mcpSession(session.digest), is: session)
    try await store.removeIdleMCPSessions(usedBefore: sample.now + .seconds(60))
    try expect(try await store.mcpSession(idle.digest), is: nil)
    try expect(try await store.mcpSession(session.digest), is: session)
    try expect(try await store.endMCPSession(session.digest), is: true)
    try expect(try await store.endMCPSession(session.digest), is: false)
    try expect(try await store.mcpSession(session.digest), is: nil)
  }

  /// Documents are replaced and forgotten.
  public static func documentsAreReplaced(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let now = Sample().now
    try await store.saveFetchedDocument("k", body: [1], fetchedAt: now)
    try await store.saveFetchedDocument("k\u{0}", body: [2], fetchedAt: now)
    try await store.saveFetchedDocument("k", body: [], fetchedAt: now + .seconds(5))
    let first = try await store.fetchedDocument("k")
    try expect(first?.body, is: [])
    try expect(first?.fetchedAt, is: now + .seconds(5))
    try expect(try await store.fetchedDocument("k\u{0}")?.body, is: [2])
    try expect(try await store.fetchedDocument("none")?.body, is: nil)
    try await store.removeFetchedDocuments(before: now + .seconds(5))
    try expect(try await store.fetchedDocument("k\u{0}")?.body, is: nil)
    try expect(try await store.fetchedDocument("k")?.body, is: [])
  }
}
