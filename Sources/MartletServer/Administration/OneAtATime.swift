import Synchronization

/// Work that is too much to be done twice at the same time.
final class OneAtATime: Sendable {
  private let isBusy = Mutex(false)
  private let refusal: String

  /// - Parameter refusal: What whoever comes meanwhile hears.
  init(_ refusal: String) { self.refusal = refusal }

  func run<Answer: Sendable>(_ work: () async throws -> Answer) async throws -> Answer {
    let isFree = isBusy.withLock { isBusy in
      defer { isBusy = true }
      return !isBusy
    }
    guard isFree else { throw APIProblem.conflict(refusal) }
    defer { isBusy.withLock { $0 = false } }
    return try await work()
  }
}
