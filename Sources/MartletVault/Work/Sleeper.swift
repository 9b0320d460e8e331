/// Waits. Injected, so that tests need not.
public protocol Sleeper: Sendable {
  /// Returns when the time is over, or at once when the task is cancelled.
  func sleep(for duration: Duration) async
}

/// Waits for as long as it says.
public struct SystemSleeper: Sleeper {
  /// Makes one.
  public init() {}

  /// See `Sleeper`.
  public func sleep(for duration: Duration) async { try? await Task.sleep(for: max(duration, .zero)) }
}
