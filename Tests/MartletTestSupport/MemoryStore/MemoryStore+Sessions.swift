import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `MCPSessionStore`.
  public func createMCPSession(_ session: MCPSession) async throws(StoreError) {
    try access { $0.mcpSessions[session.digest] = session }
  }

  /// See `MCPSessionStore`.
  public func mcpSession(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? {
    try access { $0.mcpSessions[digest] }
  }

  /// See `MCPSessionStore`.
  public func moveMCPSession(_ digest: ArtefactDigest, from lost: String?, to session: String?, at url: String)
    async throws(StoreError) -> Bool
  {
    try access { state in
      guard let known = state.mcpSessions[digest],
        known.upstreamSession.map({ ByteString($0) }) == lost.map({ ByteString($0) })
      else { return false }
      state.mcpSessions[digest]?.upstreamSession = session
      state.mcpSessions[digest]?.upstreamURL = url
      return true
    }
  }

  /// See `MCPSessionStore`.
  public func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError) {
    try access { $0.mcpSessions[digest]?.logLevel = level }
  }

  /// See `MCPSessionStore`.
  public func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError) {
    try access { state in
      state.mcpSessions[digest]?.watchedResources.removeAll { $0.utf8.elementsEqual(uri.utf8) }
      if isWatched { state.mcpSessions[digest]?.watchedResources.append(uri) }
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
    try access { $0.mcpSessions.removeValue(forKey: digest) != nil }
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
      for session in gone { state.mcpSessions[session.digest] = nil }
      return gone.count
    }
  }

  /// See `MCPSessionStore`.
  public func removeIdleMCPSessions(usedBefore time: Timestamp) async throws(StoreError) {
    try access { state in state.mcpSessions = state.mcpSessions.filter { $0.value.usedAt >= time } }
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
