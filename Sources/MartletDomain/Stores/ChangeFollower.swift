import Synchronization

/// One row of a record of changes that a store keeps in order.
public protocol SequencedChange: Sendable {
  /// Its place in the order of all changes: who has heard of one has heard of all before it.
  var sequence: Int64 { get }
}

/// Hears of changes that other processes make in a store, so that what was read may be remembered until it changes.
///
/// Whoever remembers something takes `mark` before the read, and keeps what it read only while `mark` is the same, under
/// the lock that `take` gets as well.
public final class ChangeFollower<Change: SequencedChange>: Sendable {
  /// Reads what changed after a place, at most so many.
  public typealias Read = @Sendable (_ after: Int64, _ limit: Int) async throws(StoreError) -> [Change]

  /// How often changes are asked for.
  public static var interval: Duration { .milliseconds(500) }
  /// How old the last answer may be before nothing is taken from memory.
  public static var patience: Duration { .seconds(5) }
  /// How many changes are read at once.
  public static var batch: Int { 1000 }

  private let clock: any WallClock
  private let read: Read
  private let heard = Atomic<Int64>(0)
  private let heardAt = Atomic<Int64>(Timestamp.distantPast.milliseconds)

  /// Makes a follower that has heard of nothing.
  ///
  /// - Parameters:
  ///   - clock: Tells how long ago changes were heard of.
  ///   - read: Reads changes from the store.
  public init(clock: any WallClock, read: @escaping Read) {
    self.clock = clock
    self.read = read
  }

  /// Up to where changes were heard of; 0 for nowhere.
  public var mark: Int64 { heard.load(ordering: .acquiring) }

  /// Whether changes were heard of so lately that what is remembered may be used.
  ///
  /// - Parameter now: The time.
  public func isCurrent(at now: Timestamp) -> Bool {
    let age = now - Timestamp(milliseconds: heardAt.load(ordering: .acquiring))
    // A clock that is put back makes nothing younger.
    return age <= Self.patience && age >= .zero - Self.patience
  }

  /// Asks for changes until there are no more. While the store doesn't answer, `isCurrent` becomes false.
  ///
  /// - Parameter take: Forgets what changed; gets each batch with the place that came before it.
  public func hear(_ take: @Sendable (_ changes: [Change], _ after: Int64) -> Void) async {
    while true {
      let (after, began) = (mark, clock.now())
      guard let changes = try? await read(after, Self.batch) else { return }
      // First the mark, then the memory: a read that began before can't be remembered between the two.
      heard.store(max(after, changes.last?.sequence ?? after), ordering: .releasing)
      if !changes.isEmpty { take(changes, after) }
      if changes.count < Self.batch { return heardAt.store(began.milliseconds, ordering: .releasing) }
    }
  }
}
