import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `MCPSessionStore`.
  public func createMCPSession(_ session: MCPSession) async throws(StoreError) {
    try await write { database in try database.insert(session) }
  }

  /// See `MCPSessionStore`.
  public func mcpSession(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? {
    try await read { database in
      try database.row("SELECT * FROM mcp_session WHERE digest = :digest", ["digest": .digest(digest)])
        .map { try MCPSession(row: $0) }
    }
  }

  /// See `MCPSessionStore`.
  public func moveMCPSession(_ moved: MCPSession, from lost: String?) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        """
        UPDATE mcp_session SET upstream_session = :session, upstream_url = :url, revision = :revision
        WHERE digest = :digest AND upstream_session IS :lost
        """,
        [
          "digest": .digest(moved.digest), "session": .text(moved.upstreamSession), "url": .text(moved.upstreamURL),
          "revision": .value(moved.revision), "lost": .text(lost),
        ])
    }
  }

  /// See `MCPSessionStore`.
  public func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError) {
    try await write { database in
      try database.run(
        "UPDATE mcp_session SET log_level = :level WHERE digest = :digest",
        ["digest": .digest(digest), "level": .text(level)])
    }
  }

  /// See `MCPSessionStore`.
  public func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError) {
    try await write { database in
      let row = try database.row(
        "SELECT watched_resources FROM mcp_session WHERE digest = :digest", ["digest": .digest(digest)])
      guard let row else { return }
      var watched = try row.texts("watched_resources").filter { !$0.utf8.elementsEqual(uri.utf8) }
      if isWatched { watched.append(uri) }
      try database.run(
        "UPDATE mcp_session SET watched_resources = :watched WHERE digest = :digest",
        ["digest": .digest(digest), "watched": .texts(watched)])
    }
  }

  /// See `MCPSessionStore`.
  public func noteMCPSessionUse(_ digests: [ArtefactDigest], at now: Timestamp) async throws(StoreError) {
    try await write { database in
      for digest in digests {
        try database.run(
          "UPDATE mcp_session SET used_at = :now WHERE digest = :digest AND used_at < :now",
          ["digest": .digest(digest), "now": .time(now)])
      }
    }
  }

  /// See `MCPSessionStore`.
  public func endMCPSession(_ digest: ArtefactDigest) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes("DELETE FROM mcp_session WHERE digest = :digest", ["digest": .digest(digest)])
    }
  }

  /// See `MCPSessionStore`.
  public func endMCPSessions(of target: RevocationTarget) async throws(StoreError) -> Int {
    try await write { database in
      switch target {
      case .accessToken, .grant: return 0
      case .user(let tenant, let user):
        try database.run(
          "DELETE FROM mcp_session WHERE tenant = :tenant AND subject = :subject",
          ["tenant": .id(tenant), "subject": .id(user)])
      case .client(let client):
        try database.run("DELETE FROM mcp_session WHERE client = :client", ["client": .id(client)])
      case .tenant(let tenant):
        try database.run("DELETE FROM mcp_session WHERE tenant = :tenant", ["tenant": .id(tenant)])
      case .route(let route):
        try database.run("DELETE FROM mcp_session WHERE route = :route", ["route": .route(route)])
      }
      return database.changesCount
    }
  }

  /// See `MCPSessionStore`.
  public func removeIdleMCPSessions(usedBefore time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM mcp_session WHERE used_at < :time", ["time": .time(time)])
    }
  }

  /// See `MCPSessionStore`.
  public func mcpSessionChanges(
    after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [MCPSessionChange] {
    try await read { database in
      try database.rows(
        """
        SELECT sequence, digest, NOT EXISTS (SELECT 1 FROM mcp_session WHERE digest = change.digest) AS is_ended
        FROM mcp_session_change AS change WHERE sequence > :after ORDER BY sequence LIMIT :limit
        """,
        ["after": sequence.databaseValue, "limit": .number(limit)]
      ).map { row in
        MCPSessionChange(
          sequence: try row.number("sequence"), digest: try row.digest("digest"), isEnded: try row.flag("is_ended"))
      }
    }
  }

  /// See `MCPSessionStore`.
  public func removeMCPSessionChanges(butLast count: Int) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        DELETE FROM mcp_session_change
        WHERE sequence <= (SELECT MAX(sequence) FROM mcp_session_change) - :count
        """,
        ["count": .number(max(count, 1))])
    }
  }
}

extension Database {
  fileprivate func insert(_ session: MCPSession) throws {
    try run(
      """
      INSERT OR REPLACE INTO mcp_session (digest, tenant, issuer, subject, client, route, revision,
        initialize_request, upstream_session, upstream_url, upstream_era, log_level, watched_resources, created_at,
        used_at)
      VALUES (:digest, :tenant, :issuer, :subject, :client, :route, :revision,
        :initialize_request, :upstream_session, :upstream_url, :upstream_era, :log_level, :watched_resources,
        :created_at, :used_at)
      """,
      [
        "digest": .digest(session.digest), "tenant": .id(session.binding.tenant),
        "issuer": .text(session.binding.issuer), "subject": .text(session.binding.subject),
        "client": .id(session.binding.client), "route": .route(session.binding.route),
        "revision": .value(session.revision), "initialize_request": .bytes(session.initializeRequest),
        "upstream_session": .text(session.upstreamSession), "upstream_url": .text(session.upstreamURL),
        "upstream_era": .value(session.upstreamEra), "log_level": .text(session.logLevel),
        "watched_resources": .texts(session.watchedResources),
        "created_at": .time(session.createdAt), "used_at": .time(session.usedAt),
      ])
  }
}

extension MCPSession {
  fileprivate init(row: Row) throws(StoreError) {
    let binding = PrincipalBinding(
      tenant: try row.id("tenant"), issuer: ByteString(try row.bytes("issuer")),
      subject: ByteString(try row.bytes("subject")), client: try row.id("client"), route: try row.route("route"))
    self.init(
      digest: try row.digest("digest"), binding: binding, revision: try row.value("revision"),
      initializeRequest: try row.bytes("initialize_request"), upstreamSession: try row.optionalText("upstream_session"),
      upstreamURL: try row.text("upstream_url"), upstreamEra: try row.value("upstream_era"),
      logLevel: try row.optionalText("log_level"), watchedResources: try row.texts("watched_resources"),
      createdAt: try row.time("created_at"),
      usedAt: try row.time("used_at"))
  }
}
