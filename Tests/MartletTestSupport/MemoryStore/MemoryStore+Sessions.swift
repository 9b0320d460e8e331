import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `MCPSessionStore`.
  public func createMCPSession(_ session: MCPSession) async throws(StoreError) {
    try access { state in
      if state.mcpSessions.updateValue(session, forKey: session.digest) != nil { state.noteChange(of: session.digest) }
    }
  }

  /// See `MCPSessionStore`.
  public func mcpSession(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? {
    try access { $0.mcpSessions[digest] }
  }

  /// See `MCPSessionStore`.
  public func moveMCPSession(_ moved: MCPSession, from lost: String?) async throws(StoreError) -> Bool {
    try access { state in
      guard let known = state.mcpSessions[moved.digest],
        known.upstreamSession.map({ ByteString($0) }) == lost.map({ ByteString($0) })
      else { return false }
      state.mcpSessions[moved.digest]?.upstreamSession = moved.upstreamSession
      state.mcpSessions[moved.digest]?.upstreamURL = moved.upstreamURL
      state.mcpSessions[moved.digest]?.revision = moved.revision
      state.noteChange(of: moved.digest)
      return true
    }
  }

  /// See `MCPSessionStore`.
  public func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError) {
    try access { state in
      guard state.mcpSessions[digest] != nil else { return }
      state.mcpSessions[digest]?.logLevel = level
      state.noteChange(of: digest)
    }
  }

  /// See `MCPSessionStore`.
  public func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError) {
    try access { state in
      guard state.mcpSessions[digest] != nil else { return }
      state.mcpSessions[digest]?.watchedResources.removeAll { $0.utf8.elementsEqual(uri.utf8) }
      if isWatched { state.mcpSessions[digest]?.watchedResources.append(uri) }
      state.noteChange(of: digest)
    }
  }

  /// See `MCPSessionStore`.
  public func noteMCPSessionUse(_ digests: [ArtefactDigest], at now: Timestamp) async throws(StoreError) {
    try access { state in
      for digest in digests {
        if let known = state.mcpSessions[digest] { state.mcpSessions[digest]?.usedAt = max(known.usedAt, now) }
      }
    }
  }

  /// See `MCPSessionStore`.
  public func endMCPSession(_ digest: ArtefactDigest) async throws(StoreError) -> Bool {
    try access { $0.endSession(digest) }
  }

  /// See `MCPSessionStore`.
  public func endMCPSessions(of target: RevocationTarget) async throws(StoreError) -> Int {
    try access { state in
      let gone = state.mcpSessions.values.filter { session in
        let binding = session.binding
        return switch target {
        case .accessToken, .grant: false
        case .user(let tenant, let user): binding.tenant == tenant && UserID(binding.subject) == user
        case .client(let client): binding.client == client
        case .tenant(let tenant): binding.tenant == tenant
        case .route(let route): binding.route == route
        }
      }
      for session in gone { state.endSession(session.digest) }
      return gone.count
    }
  }

  /// See `MCPSessionStore`.
  public func removeIdleMCPSessions(usedBefore time: Timestamp) async throws(StoreError) {
    try access { state in
      for session in state.mcpSessions.values where session.usedAt < time { state.endSession(session.digest) }
    }
  }

  /// See `MCPSessionStore`.
  public func mcpSessionChanges(
    after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [MCPSessionChange] {
    try access { state in
      state.sessionChanges.lazy.filter { $0.sequence > sequence }.prefix(limit).map {
        MCPSessionChange(
          sequence: $0.sequence, digest: $0.digest, isEnded: state.mcpSessions[$0.digest] == nil)
      }
    }
  }

  /// See `MCPSessionStore`.
  public func removeMCPSessionChanges(butLast count: Int) async throws(StoreError) {
    try access { state in
      state.sessionChanges.removeFirst(max(0, state.sessionChanges.count - max(count, 1)))
    }
  }

  /// See `FetchedDocumentStore`.
  public func fetchedDocument(_ key: String) async throws(StoreError) -> (body: [UInt8], fetchedAt: Timestamp)? {
    try access { state in state.documents[ByteString(key)].map { ($0.body, $0.fetchedAt) } }
  }

  /// See `FetchedDocumentStore`.
  public func saveFetchedDocument(_ key: String, body: [UInt8], fetchedAt: Timestamp) async throws(StoreError) {
    try access { $0.documents[ByteString(key)] = .init(body: body, fetchedAt: fetchedAt) }
  }

  /// See `FetchedDocumentStore`.
  public func removeFetchedDocuments(before time: Timestamp) async throws(StoreError) {
    try access { state in state.documents = state.documents.filter { $0.value.fetchedAt >= time } }
  }
}

extension MemoryStoreState {
  fileprivate mutating func noteChange(of session: ArtefactDigest) {
    sessionChanges.append((sequence: (sessionChanges.last?.sequence ?? 0) + 1, digest: session))
  }

  @discardableResult
  fileprivate mutating func endSession(_ digest: ArtefactDigest) -> Bool {
    guard mcpSessions.removeValue(forKey: digest) != nil else { return false }
    noteChange(of: digest)
    return true
  }
}
