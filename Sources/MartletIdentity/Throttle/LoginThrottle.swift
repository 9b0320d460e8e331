import MartletDomain
import OAuthClient
import Synchronization

/// Slows password guessing down without giving anybody a way to lock another person out (V-068, N-16).
///
/// Failures are counted under canonical keys: (account, source network), source network, and account. A browser that
/// logged in to the account before has a counter of its own and none of the others concern it, so an attacker elsewhere
/// doesn't touch the account's owner. The counter of the account alone never makes anybody wait: it only takes the free
/// failures away from networks that fail while the account is under attack. Nothing ever locks; the longest wait is 5
/// minutes. Numbers: `ThrottleLimits`.
///
/// Guesses under way are counted, too, so that many sent at once can't slip past together. Unknown accounts count like
/// known ones.
public final class LoginThrottle: Sendable {
  /// Whether a guess may be checked.
  public enum Admission: Hashable, Sendable {
    /// It may; report how it went.
    case admitted(Admitted)
    /// It comes too early; the wait is rounded up to whole seconds.
    case wait(seconds: Int64)
  }

  /// An admitted guess, to be reported about once.
  public struct Admitted: Hashable, Sendable {
    let guess: LoginGuess
    let isKnownBrowser: Bool
  }

  private struct AccountKey: Hashable, Sendable {
    let account: LoginName?
    let network: SourceNetwork
  }

  private struct BrowserKey: Hashable, Sendable {
    let account: LoginName?
    let browser: ArtefactDigest
  }

  private struct State {
    var pairs: FailureTable<AccountKey>
    var networks: FailureTable<SourceNetwork>
    var browsers: FailureTable<BrowserKey>
    var accounts: FailureTable<LoginName>
    /// Holds no counts: being in it is what matters.
    var known: FailureTable<BrowserKey>
  }

  private let limits: ThrottleLimits
  private let clock: any WallClock
  private let state: Mutex<State>

  /// Makes a throttle that remembers nothing.
  public init(limits: ThrottleLimits = ThrottleLimits(), clock: any WallClock = SystemClock()) {
    self.limits = limits
    self.clock = clock
    let capacity = limits.capacity
    state = Mutex(
      State(
        pairs: FailureTable(capacity: capacity, memory: limits.accountFromNetwork.memory),
        networks: FailureTable(capacity: capacity, memory: limits.network.memory),
        browsers: FailureTable(capacity: capacity, memory: limits.knownBrowser.memory),
        accounts: FailureTable(capacity: capacity, memory: limits.accountMemory),
        known: FailureTable(capacity: capacity, memory: limits.knownBrowserMemory)))
  }

  /// Lets a guess through or says how long to wait.
  public func admit(_ guess: LoginGuess) -> Admission {
    let now = clock.now()
    return state.withLock { state in
      let known = knownBrowser(guess, in: state, at: now)
      let wait = wait(for: guess, known, in: state, at: now)
      guard wait <= .zero else { return .wait(seconds: max(1, (wait.milliseconds + 999) / 1000)) }
      if let known {
        state.browsers.begin(known, at: now)
      } else {
        state.pairs.begin(AccountKey(account: guess.account, network: guess.network), at: now)
        state.networks.begin(guess.network, at: now)
      }
      return .admitted(Admitted(guess: guess, isKnownBrowser: known != nil))
    }
  }

  /// Reports that an admitted guess was wrong.
  public func failed(_ admitted: Admitted) {
    let now = clock.now()
    state.withLock { state in
      end(admitted, failed: true, in: &state, at: now)
      if !admitted.isKnownBrowser, let account = admitted.guess.account {
        state.accounts.end(account, failed: true, at: now)
      }
    }
  }

  /// Reports that an admitted guess was right: its own counters start anew and its browser is known from now on.
  ///
  /// - Parameters:
  ///   - admitted: The guess.
  ///   - browser: The browser that is logged in now.
  public func succeeded(_ admitted: Admitted, in browser: ArtefactDigest) {
    let now = clock.now()
    let guess = admitted.guess
    state.withLock { state in
      end(admitted, failed: false, in: &state, at: now)
      state.pairs.forgetFailures(AccountKey(account: guess.account, network: guess.network))
      let key = BrowserKey(account: guess.account, browser: browser)
      state.browsers.forgetFailures(key)
      state.known.touch(key, at: now)
    }
  }

  /// Reports that an admitted guess could not be checked, so that an outage isn't held against anybody.
  public func withdrawn(_ admitted: Admitted) {
    let now = clock.now()
    state.withLock { end(admitted, failed: false, in: &$0, at: now) }
  }

  /// How many counters are held, for tests of the bound.
  var size: Int {
    state.withLock { $0.pairs.count + $0.networks.count + $0.browsers.count + $0.accounts.count + $0.known.count }
  }

  private func wait(
    for guess: LoginGuess, _ known: BrowserKey?, in state: State, at now: Timestamp
  ) -> Duration {
    if let known { return state.browsers.remaining(known, pace: limits.knownBrowser, at: now) }
    let isUnderAttack = guess.account.map { state.accounts.failures($0, at: now) > limits.accountFailures } ?? false
    let pace = isUnderAttack ? limits.underAttack : limits.accountFromNetwork
    let key = AccountKey(account: guess.account, network: guess.network)
    return max(
      state.pairs.remaining(key, pace: pace, at: now),
      state.networks.remaining(guess.network, pace: limits.network, at: now))
  }

  private func knownBrowser(_ guess: LoginGuess, in state: State, at now: Timestamp) -> BrowserKey? {
    guard let browser = guess.browser else { return nil }
    let key = BrowserKey(account: guess.account, browser: browser)
    return state.known.contains(key, at: now) ? key : nil
  }

  private func end(_ admitted: Admitted, failed: Bool, in state: inout State, at now: Timestamp) {
    let guess = admitted.guess
    if admitted.isKnownBrowser, let browser = guess.browser {
      return state.browsers.end(BrowserKey(account: guess.account, browser: browser), failed: failed, at: now)
    }
    state.pairs.end(AccountKey(account: guess.account, network: guess.network), failed: failed, at: now)
    state.networks.end(guess.network, failed: failed, at: now)
  }
}
