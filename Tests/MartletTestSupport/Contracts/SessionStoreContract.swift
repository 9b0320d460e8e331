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
    let held = session.upstreamSession
    session.upstreamSession = nil
    session.upstreamURL = "http://127.0.0.1:9002/mcp"
    session.revision = .v20251125
    try expect(try await store.moveMCPSession(session, from: "stale"), is: false)
    try expect(try await store.moveMCPSession(session, from: nil), is: false)
    var disguised = session
    disguised.binding = idle.binding
    try expect(try await store.moveMCPSession(disguised, from: held), is: true)
    try expect(try await store.mcpSession(session.digest), is: session, "the upstream's side alone")
    try expect(try await store.moveMCPSession(session, from: held), is: false)
    try expect(try await store.moveMCPSession(sample.mcpSession(), from: nil), is: false)
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

  /// Whatever changes a session is told once and in order, and who uses it isn't.
  public static func sessionChangesAreFollowed(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    var session = sample.mcpSession()
    let digest = session.digest
    try await stores[0].createMCPSession(session)
    try await stores[0].noteMCPSessionUse([digest], at: sample.now + .seconds(60))
    try await stores[0].setLogLevel("warning", of: sample.digest())
    try await stores[0].watchResource("a:1", isWatched: true, in: sample.digest())
    try expect(try await stores[0].moveMCPSession(session, from: "no"), is: false)
    try expect(try await stores[0].endMCPSession(sample.digest()), is: false)
    try expect(try await stores[1].mcpSessionChanges(after: 0, limit: 100), is: [])

    try expect(try await stores[0].moveMCPSession(session, from: session.upstreamSession), is: true)
    try await stores[0].setLogLevel("warning", of: digest)
    try await stores[0].watchResource("a:1", isWatched: true, in: digest)
    session.logLevel = "error"
    try await stores[0].createMCPSession(session)
    let changes = try await stores[1].mcpSessionChanges(after: 0, limit: 100)
    try expect(changes.map(\.digest), is: [digest, digest, digest, digest], "moved, told a level, watched, replaced")
    try expect(changes.map(\.sequence), is: [1, 2, 3, 4])
    try expect(changes.contains { $0.isEnded }, is: false)
    try expect(try await stores[1].mcpSessionChanges(after: 0, limit: 2), is: Array(changes.prefix(2)))
    try expect(try await stores[1].mcpSessionChanges(after: 2, limit: 100), is: Array(changes.dropFirst(2)))

    try expect(try await stores[0].endMCPSession(digest), is: true)
    try expect(try await stores[1].mcpSessionChanges(after: 4, limit: 100).map(\.isEnded), is: [true])
    try await stores[0].createMCPSession(session)
    try expect(
      try await stores[1].mcpSessionChanges(after: 4, limit: 100).map(\.isEnded), is: [false], "it is there again")
    try await stores[0].removeMCPSessionChanges(butLast: 2)
    try expect(try await stores[1].mcpSessionChanges(after: 0, limit: 100).map(\.sequence), is: [4, 5])
    try await stores[0].removeMCPSessionChanges(butLast: 0)
    try expect(
      try await stores[1].mcpSessionChanges(after: 0, limit: 100).map(\.sequence), is: [5], "the last one stays")
    try expect(try await stores[0].endMCPSession(digest), is: true)
    try expect(try await stores[1].mcpSessionChanges(after: 5, limit: 100).map(\.sequence), is: [6])
  }

  /// Sessions that end together are each told of, whoever ends them.
  public static func endsOfManySessionsAreFollowed(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let binding = sample.mcpSession().binding
    let targets: [RevocationTarget] = [
      .user(binding.tenant, UserID(binding.subject)), .client(binding.client), .tenant(binding.tenant),
      .route(binding.route),
    ]
    var told: Int64 = 0
    for target in targets + [nil] {
      var sessions = [sample.mcpSession(), sample.mcpSession()]
      for index in sessions.indices { sessions[index].binding = binding }
      for session in sessions { try await stores[0].createMCPSession(session) }
      if let target {
        try expect(try await stores[0].endMCPSessions(of: target), is: 2)
      } else {
        try await stores[0].removeIdleMCPSessions(usedBefore: sample.now + .seconds(60))
      }
      let changes = try await stores[1].mcpSessionChanges(after: told, limit: 100)
      try expect(Set(changes.map(\.digest)), is: Set(sessions.map(\.digest)))
      try expect(changes.map(\.isEnded), is: [true, true])
      told = changes.last?.sequence ?? told
    }
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
