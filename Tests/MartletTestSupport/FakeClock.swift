import MartletDomain
import Synchronization

/// A clock that stands still until a test moves it.
public final class FakeClock: WallClock, Sendable {
  private let time: Mutex<Timestamp>

  /// Starts at a time.
  public init(_ start: Timestamp = Timestamp(seconds: 1_800_000_000)) { time = Mutex(start) }

  /// The time that was set.
  public func now() -> Timestamp { time.withLock { $0 } }

  /// Sets the time, forwards or back.
  public func set(_ now: Timestamp) { time.withLock { $0 = now } }

  /// Moves the time, back where the duration is negative.
  public func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
