/// Keeps signing keys, shared by every process on the store.
public protocol SigningKeyStore: Sendable {
  /// Every key that isn't retired, oldest first.
  func signingKeys(at now: Timestamp) async throws(StoreError) -> [SigningKeyRecord]

  /// Adds a key if the newest of that use still is the expected one, so that two processes don't rotate twice.
  ///
  /// - Parameters:
  ///   - key: The new key.
  ///   - newest: The id of the newest key of that use that the caller saw; `nil` for none.
  ///   - retirement: When the keys before it stop being published; `nil` when there are none.
  /// - Returns: Whether it was added.
  func addSigningKey(_ key: SigningKeyRecord, ifNewestIs newest: String?, retiringOthersAt retirement: Timestamp?)
    async throws(StoreError) -> Bool

  /// Removes retired keys.
  func removeRetiredSigningKeys(at now: Timestamp) async throws(StoreError)
}

/// Keeps MCP sessions of the legacy era.
public protocol MCPSessionStore: Sendable {
  /// Stores a session.
  func createMCPSession(_ session: MCPSession) async throws(StoreError)

  /// The session of that id, whoever asks: the caller compares the binding.
  func mcpSession(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession?

  /// Replaces the upstream's side of a session, if nobody else did since.
  ///
  /// - Parameters:
  ///   - moved: The session with the upstream's new one, the instance that it lives on and the revision that is spoken
  ///     there; nothing else of it is looked at.
  ///   - lost: The upstream's session that the caller found gone.
  /// - Returns: Whether it was replaced.
  func moveMCPSession(_ moved: MCPSession, from lost: String?) async throws(StoreError) -> Bool

  /// Sets the least log level that the client wants; `nil` for none.
  func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError)

  /// Begins or ends watching a resource.
  func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError)

  /// Notes use.
  func noteMCPSessionUse(_ digests: [ArtefactDigest], at now: Timestamp) async throws(StoreError)

  /// Ends a session.
  ///
  /// - Returns: Whether it was there.
  func endMCPSession(_ digest: ArtefactDigest) async throws(StoreError) -> Bool

  /// Ends every session of a user, a client, a tenant or a route.
  ///
  /// - Returns: How many ended.
  func endMCPSessions(of target: RevocationTarget) async throws(StoreError) -> Int

  /// Removes sessions not used since a time.
  func removeIdleMCPSessions(usedBefore time: Timestamp) async throws(StoreError)

  /// What changed in sessions after a place in the order of all changes: a session's end, whoever ended it, and whatever
  /// `mcpSession` answers otherwise from then on, but for when it was used. A change is there as soon as it is to be seen.
  ///
  /// Changes have numbers without gaps, but for those that were removed, or that never came to be.
  ///
  /// - Parameters:
  ///   - sequence: The place; 0 for the beginning.
  ///   - limit: At most so many.
  func mcpSessionChanges(after sequence: Int64, limit: Int) async throws(StoreError) -> [MCPSessionChange]

  /// Removes all changes but the last so many; never the last one, so that who missed one sees a gap.
  func removeMCPSessionChanges(butLast count: Int) async throws(StoreError)
}

/// Keeps small documents that were fetched, so that an outage of their host doesn't lock anyone out (G10).
public protocol FetchedDocumentStore: Sendable {
  /// The document of that key.
  func fetchedDocument(_ key: String) async throws(StoreError) -> (body: [UInt8], fetchedAt: Timestamp)?

  /// Stores a document.
  func saveFetchedDocument(_ key: String, body: [UInt8], fetchedAt: Timestamp) async throws(StoreError)

  /// Removes documents fetched before a time.
  func removeFetchedDocuments(before time: Timestamp) async throws(StoreError)
}
