import MartletDomain
import StrictCoding
import Synchronization

/// What the installation knows of those who call, remembered for a moment: names and groups can change while a token
/// lives (V-053).
public final class SubjectDirectory: Sendable {
  private struct Entry {
    let user: User?
    let until: Timestamp
  }

  /// How long somebody is remembered: 2 s.
  public static let memory = Duration.seconds(2)

  private let store: any UserStore
  private let clock: any WallClock
  private let entries = Mutex<[UserID: Entry]>([:])
  private let capacity: Int

  /// Makes a directory that knows nobody yet.
  ///
  /// - Parameters:
  ///   - store: Knows users.
  ///   - clock: Tells the time.
  ///   - capacity: How many are remembered; when it is full, everybody is forgotten.
  public init(store: any UserStore, clock: any WallClock, capacity: Int = 10_000) {
    self.store = store
    self.clock = clock
    self.capacity = capacity
  }

  /// Whoever is remembered, without waiting.
  ///
  /// - Returns: The user, or `.some(nil)` for a client that acts for itself; `nil` where the store has to be asked.
  public func remembered(_ principal: Principal) -> User?? {
    let now = clock.now()
    return entries.withLock { entries in
      guard let entry = entries[UserID(principal.subject)], entry.until > now else { return nil }
      return .some(entry.user)
    }
  }

  /// Asks the store, and remembers.
  public func find(_ principal: Principal) async throws(StoreError) -> User? {
    let id = UserID(principal.subject)
    let user = try await store.user(id)
    let until = clock.now() + Self.memory
    entries.withLock { entries in
      if entries.count >= capacity, entries[id] == nil { entries.removeAll(keepingCapacity: true) }
      entries[id] = Entry(user: user, until: until)
    }
    return user
  }
}
