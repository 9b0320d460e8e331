/// Why a store could not do what it was asked. Becomes 503 with `Retry-After`, never a decision about a credential.
public enum StoreError: Error, Sendable, Equatable {
  /// Busy, locked, full, read-only, or not reachable; trying again later may work.
  case unavailable(String)
  /// What was read can't be true: damaged, or written by a newer version.
  case corrupt(String)
}
