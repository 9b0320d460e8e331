import MartletDomain
import Synchronization

/// Access tokens that were read a moment ago.
final class CredentialCache: Sendable {
  /// A credential as it is remembered.
  struct Found {
    let access: UpstreamAccess
    /// Whether somebody should see to it; said to one caller in a while.
    let isDue: Bool
  }

  private struct Entry {
    let access: UpstreamAccess
    let usableUntil: Timestamp?
    var dueAt: Timestamp?
  }

  /// What a read may be older than.
  struct Mark: Equatable {
    /// Up to where other processes' changes were heard of.
    fileprivate let sequence: Int64
    /// How many configurations there were.
    fileprivate let configuration: Int
  }

  private struct State {
    var entries: [ConnectionKey: Entry] = [:]
    /// How many configurations there were.
    var configuration = 0
  }

  private static let capacity = 50_000

  private let clock: any WallClock
  private let changes: ChangeFollower<ConnectionChange>
  private let state = Mutex(State())

  init(store: any ConnectionStore, clock: any WallClock) {
    self.clock = clock
    changes = ChangeFollower(clock: clock) { (after, limit) async throws(StoreError) in
      try await store.connectionChanges(after: after, limit: limit)
    }
  }

  func find(_ key: ConnectionKey) -> Found? {
    let now = clock.now()
    guard changes.isCurrent(at: now) else { return nil }
    return state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      if let end = entry.usableUntil, end <= now {
        state.entries[key] = nil
        return nil
      }
      let isDue = entry.dueAt.map { $0 <= now } ?? false
      if isDue { state.entries[key]?.dueAt = now + RefreshTiming.leastRest }
      return Found(access: entry.access, isDue: isDue)
    }
  }

  /// Where in the order of changes a read begins.
  var mark: Mark { state.withLock { mark($0) } }

  private func mark(_ state: State) -> Mark {
    Mark(sequence: changes.mark, configuration: state.configuration)
  }

  /// Remembers what was read, unless changes were heard of meanwhile: the read may be older than one of them.
  func remember(_ access: UpstreamAccess, _ connection: UpstreamConnection, since mark: Mark) {
    let entry = Entry(
      access: access, usableUntil: RefreshTiming.usableUntil(connection),
      dueAt: connection.ledger.isRefreshable ? connection.refreshAt : nil)
    state.withLock { state in
      guard self.mark(state) == mark else { return }
      // Two reads may come back in the other order.
      if let known = state.entries[connection.key], known.access.version > access.version { return }
      if state.entries.count >= Self.capacity { state.entries.removeAll() }
      state.entries[connection.key] = entry
    }
  }

  func forget(_ key: ConnectionKey) { state.withLock { $0.entries[key] = nil } }

  /// Another configuration is in force.
  func forgetAll() {
    state.withLock { state in
      state.entries.removeAll()
      state.configuration += 1
    }
  }

  func forget(allBut tenants: Set<TenantID>) {
    state.withLock { state in state.entries = state.entries.filter { tenants.contains($0.key.tenant) } }
  }

  /// Hears of changes until the task ends. While it can't hear, nothing is taken from memory.
  func follow(_ sleeper: any Sleeper) async {
    while !Task.isCancelled {
      await hear()
      await sleeper.sleep(for: ChangeFollower<ConnectionChange>.interval)
    }
  }

  func hear() async {
    await changes.hear { changes, _ in
      state.withLock { state in
        for change in changes {
          guard let known = state.entries[change.key] else { continue }
          if known.access.version < change.version || !change.isUsable { state.entries[change.key] = nil }
        }
      }
    }
  }
}
