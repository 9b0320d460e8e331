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
    fileprivate var sequence: Int64 = 0
    /// How many configurations there were.
    fileprivate var configuration = 0
  }

  private struct State {
    var entries: [ConnectionKey: Entry] = [:]
    var mark = Mark()
    var heardAt = Timestamp.distantPast
  }

  private static let capacity = 50_000
  /// How often the changes are asked for, and how old their last answer may be.
  private static let interval: Duration = .milliseconds(500)
  private static let patience: Duration = .seconds(5)

  private let clock: any WallClock
  private let state = Mutex(State())

  init(clock: any WallClock) { self.clock = clock }

  func find(_ key: ConnectionKey) -> Found? {
    let now = clock.now()
    return state.withLock { state in
      guard let entry = state.entries[key], now - state.heardAt <= Self.patience else { return nil }
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
  var mark: Mark { state.withLock { $0.mark } }

  /// Remembers what was read, unless changes were heard of meanwhile: the read may be older than one of them.
  func remember(_ access: UpstreamAccess, _ connection: UpstreamConnection, since mark: Mark) {
    let entry = Entry(
      access: access, usableUntil: RefreshTiming.usableUntil(connection),
      dueAt: connection.ledger.isRefreshable ? connection.refreshAt : nil)
    state.withLock { state in
      guard state.mark == mark else { return }
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
      state.mark.configuration += 1
    }
  }

  func forget(allBut tenants: Set<TenantID>) {
    state.withLock { state in state.entries = state.entries.filter { tenants.contains($0.key.tenant) } }
  }

  /// Hears of changes until the task ends. While it can't hear, nothing is taken from memory.
  func follow(_ store: any ConnectionStore, _ sleeper: any Sleeper) async {
    while !Task.isCancelled {
      await hear(store)
      await sleeper.sleep(for: Self.interval)
    }
  }

  func hear(_ store: any ConnectionStore) async {
    var isBehind = true
    while isBehind {
      let (sequence, began) = (state.withLock { $0.mark.sequence }, clock.now())
      guard let changes = try? await store.connectionChanges(after: sequence, limit: 1000) else { return }
      isBehind = changes.count == 1000
      state.withLock { state in
        for change in changes {
          guard let known = state.entries[change.key] else { continue }
          if known.access.version < change.version || !change.isUsable { state.entries[change.key] = nil }
        }
        state.mark.sequence = max(state.mark.sequence, changes.last?.sequence ?? sequence)
        if !isBehind { state.heardAt = began }
      }
    }
  }
}
