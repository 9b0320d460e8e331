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
