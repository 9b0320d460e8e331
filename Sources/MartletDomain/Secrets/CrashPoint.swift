#if DEBUG
  import Foundation
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Darwin)
    import Darwin
  #endif
#endif

/// A place where a test may end the process as if by `kill -9`: `MARTLET_CRASH_AT=name` or `name:nth`. In a
/// release build nothing of this is there.
public enum CrashPoint: String, CaseIterable, Sendable {
  /// Before a refresh is written down.
  case refreshUnclaimed = "refresh_unclaimed"
  /// A refresh is written down, and nobody was asked.
  case refreshClaimed = "refresh_claimed"
  /// The authorization server's answer is here, and nowhere else.
  case refreshAnswered = "refresh_answered"
  /// The new tokens are sealed, and not stored.
  case refreshSealed = "refresh_sealed"
  /// They are stored, and nobody has heard of it.
  case refreshStored = "refresh_stored"
  /// They are in the journal, since the store didn't take them.
  case refreshSpilled = "refresh_spilled"
  /// A rotation was written down.
  case rotationBegun = "rotation_begun"
  /// A new master key is ready beside the old one.
  case masterKeyDrafted = "master_key_drafted"
  /// The new master key is in force.
  case masterKeyReplaced = "master_key_replaced"
  /// One key or secret is sealed under the new master key.
  case valueResealed = "value_resealed"
  /// One tenant has a new data key.
  case dataKeyAdded = "data_key_added"
  /// One batch of credentials is sealed under it.
  case batchResealed = "batch_resealed"
  /// An old data key is gone.
  case dataKeyRetired = "data_key_retired"
  /// The old master key may seal nothing any more, and is still in its file.
  case masterKeyRetired = "master_key_retired"

  /// Ends the process where this is the place and the time.
  public func reach() {
    #if DEBUG
      guard let wanted = Self.wanted, wanted.point == self else { return }
      let count = Self.reached.withLock { count in
        count += 1
        return count
      }
      if count == wanted.nth { raise(SIGKILL) }
    #endif
  }

  #if DEBUG
    private static let reached = Mutex(0)
    private static let wanted: (point: CrashPoint, nth: Int)? = {
      guard let text = ProcessInfo.processInfo.environment["MARTLET_CRASH_AT"] else { return nil }
      let parts = text.split(separator: ":", maxSplits: 1)
      guard let point = parts.first.flatMap({ CrashPoint(rawValue: String($0)) }) else { return nil }
      return (point, parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
    }()
  #endif
}
