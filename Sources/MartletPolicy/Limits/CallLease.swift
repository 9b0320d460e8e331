import Synchronization

/// A place among the calls that go on at the same time, until it is given back: when the exchange ends, or at the latest
/// when nobody works on it any more.
public final class CallLease: Sendable {
  private let giveBack: Mutex<(@Sendable () -> Void)?>

  init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = Mutex(giveBack) }

  /// Gives it back; once, however often it is called.
  public func release() {
    let giveBack = self.giveBack.withLock { stored in
      defer { stored = nil }
      return stored
    }
    giveBack?()
  }

  deinit { release() }
}
