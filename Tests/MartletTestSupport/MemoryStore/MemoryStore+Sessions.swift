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
  public func updateUpstream(of digest: ArtefactDigest, session: String?, url: String) async throws(StoreError) {
    try access { state in
      state.mcpSessions[digest]?.upstreamSession = session
      state.mcpSessions[digest]?.upstreamURL = url
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
