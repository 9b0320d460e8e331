import MartletDomain
import Synchronization

/// A store that forgets when the process ends. It passes the same contract suite as the durable ones.
public final class MemoryStore: DurableStore, Sendable {
  private let state = Mutex(MemoryStoreState())

  /// Makes an empty store.
  public init() {}

  /// From now on every call throws this error; `nil` makes the store work again.
  public func fail(with error: StoreError?) {
    state.withLock { $0.failure = error }
  }

  func access<Answer: Sendable>(_ body: (inout MemoryStoreState) throws(StoreError) -> Answer) throws(StoreError)
    -> Answer
  {
    try state.withLock { (state) throws(StoreError) -> Answer in
      if let failure = state.failure { throw failure }
      return try body(&state)
    }
  }
}
