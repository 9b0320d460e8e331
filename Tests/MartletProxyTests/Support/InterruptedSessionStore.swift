import MartletDomain
import Synchronization

/// A store in which something happens between a read and its answer.
final class InterruptedSessionStore: MCPSessionStore {
  private let base: any MCPSessionStore
  private let interruption = Mutex<(@Sendable () async throws -> Void)?>(nil)
  private let noted = Mutex<[Int]>([])

  init(_ base: any MCPSessionStore) { self.base = base }

  /// How many sessions' use was written each time.
  var notes: [Int] { noted.withLock { $0 } }

  /// Does something once, after the next read and before whoever reads hears what was read.
  func afterRead(_ interruption: @escaping @Sendable () async throws -> Void) {
    self.interruption.withLock { $0 = interruption }
  }

  func createMCPSession(_ session: MCPSession) async throws(StoreError) { try await base.createMCPSession(session) }

  func mcpSession(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? {
    let session = try await base.mcpSession(digest)
    let interruption = interruption.withLock { interruption in
      defer { interruption = nil }
      return interruption
    }
    do { try await interruption?() } catch { throw .unavailable("\(error)") }
    return session
  }

  func moveMCPSession(_ moved: MCPSession, from lost: String?) async throws(StoreError) -> Bool {
    try await base.moveMCPSession(moved, from: lost)
  }

  func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError) {
    try await base.setLogLevel(level, of: digest)
  }

  func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError) {
    try await base.watchResource(uri, isWatched: isWatched, in: digest)
  }

  func noteMCPSessionUse(_ digests: [ArtefactDigest], at now: Timestamp) async throws(StoreError) {
    noted.withLock { $0.append(digests.count) }
    try await base.noteMCPSessionUse(digests, at: now)
  }

  func endMCPSession(_ digest: ArtefactDigest) async throws(StoreError) -> Bool {
    try await base.endMCPSession(digest)
  }

  func endMCPSessions(of target: RevocationTarget) async throws(StoreError) -> Int {
    try await base.endMCPSessions(of: target)
  }

  func removeIdleMCPSessions(usedBefore time: Timestamp) async throws(StoreError) {
    try await base.removeIdleMCPSessions(usedBefore: time)
  }

  func mcpSessionChanges(after sequence: Int64, limit: Int) async throws(StoreError) -> [MCPSessionChange] {
    try await base.mcpSessionChanges(after: sequence, limit: limit)
  }

  func removeMCPSessionChanges(butLast count: Int) async throws(StoreError) {
    try await base.removeMCPSessionChanges(butLast: count)
  }
}
