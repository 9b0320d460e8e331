import MartletDomain
import OAuthClient
import Synchronization

/// The secrets that managers keep, for all configurations that a process reads.
///
/// A file is read once to learn what it wants, then that is fetched, then it is read for good. A value is fetched again
/// when it is older than `secrets.ttl`; while its manager can't be asked, one not older than `secrets.stale` stands in.
public final class RemoteSecrets: Sendable {
  enum Finding {
    case value(Secret)
    case failed(String)
    /// Nobody asked for it yet.
    case unknown
  }

  private struct Held {
    let value: Secret
    let fetchedAt: Timestamp
  }

  private struct State {
    var held: [SecretReference: Held] = [:]
    var failures: [SecretReference: String] = [:]
    var wanted: Set<SecretReference> = []
    var managers = SecretManagers()
  }

  private let clock: any WallClock
  private let state = Mutex(State())

  /// Nothing is fetched yet.
  public init(clock: any WallClock) { self.clock = clock }

  /// Whether the file that was read last wants any.
  public var isUsed: Bool { state.withLock { !$0.wanted.isEmpty } }

  func begin() {
    state.withLock { state in
      state.wanted = []
      state.failures = [:]
    }
  }

  func use(_ managers: SecretManagers) { state.withLock { $0.managers = managers } }

  func find(_ reference: SecretReference) -> Finding {
    let now = clock.now()
    return state.withLock { state in
      state.wanted.insert(reference)
      if let held = state.held[reference], now - held.fetchedAt < state.managers.ttl { return .value(held.value) }
      if let failure = state.failures[reference] { return .failed(failure) }
      return state.held[reference].map { .value($0.value) } ?? .unknown
    }
  }

  /// Fetches what is wanted and isn't fresh.
  ///
  /// - Returns: Whether a value is another one than before, and what couldn't be fetched.
  func fetch() async -> (isChanged: Bool, troubles: [String]) {
    let now = clock.now()
    let (managers, due) = state.withLock { state in
      let due = state.wanted.filter { reference in
        state.held[reference].map { now - $0.fetchedAt >= state.managers.ttl } ?? true
      }
      return (state.managers, due)
    }
    guard !due.isEmpty,
      let fetcher = try? SafeFetcher.operatorConfigured(certificateAuthorityFile: managers.certificateAuthorityFile)
    else { return (false, []) }
    let fetching = SecretFetching(managers: managers, fetcher: fetcher, now: now)
    var (isChanged, troubles) = (false, [String]())
    for reference in due.sorted(by: { $0.text < $1.text }) {
      do throws(SecretFetching.Trouble) {
        let value = try await fetching.fetch(reference)
        if keep(value, for: reference, at: now) { isChanged = true }
      } catch {
        troubles.append("\(reference.text): \(error.message)")
        fail(reference, error, stale: managers.stale, at: now)
      }
    }
    return (isChanged, troubles)
  }

  private func keep(_ value: Secret, for reference: SecretReference, at now: Timestamp) -> Bool {
    state.withLock { state in
      let before = state.held[reference]?.value
      state.held[reference] = Held(value: value, fetchedAt: now)
      state.failures[reference] = nil
      return before.map { !$0.matches(value.expose()) } ?? true
    }
  }

  private func fail(
    _ reference: SecretReference, _ trouble: SecretFetching.Trouble, stale: Duration, at now: Timestamp
  ) {
    state.withLock { state in
      if trouble.isPassing, let held = state.held[reference], now - held.fetchedAt < stale { return }
      state.held[reference] = nil
      state.failures[reference] = trouble.message
    }
  }
}
