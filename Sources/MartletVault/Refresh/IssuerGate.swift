import MartletDomain
import StrictCoding
import Synchronization

/// How much one authorization server is asked, at most.
public struct IssuerLimits: Sendable {
  /// Requests under way at once.
  public var concurrent = 16
  /// Requests a second.
  public var perSecond = 100
  /// Requests in a row without an answer, after which it is left alone.
  public var silences = 5
  /// For how long at first; doubled up to `longestRest`.
  public var rest: Duration = .seconds(5)
  /// The longest.
  public var longestRest: Duration = .seconds(60)

  /// The limits of `docs/limits.md`.
  public init() {}
}

/// Lets refreshes through to authorization servers: few at once, evenly, calls that wait before those that don't, and
/// none while a server doesn't answer but one to try.
final class IssuerGate: Sendable {
  enum Pass: Equatable {
    case open(after: Duration)
    case closed(until: Timestamp)
  }

  enum Experience: Equatable {
    case answered
    case silent
    case notAsked
  }

  private struct Issuer {
    var active = 0
    var silences = 0
    var closedUntil = Timestamp.distantPast
    var nextSlot = Timestamp.distantPast
    var urgent: [CheckedContinuation<Pass, Never>] = []
    var patient: [CheckedContinuation<Pass, Never>] = []
  }

  private let limits: IssuerLimits
  private let clock: any WallClock
  private let issuers = Mutex<[ByteString: Issuer]>([:])

  init(limits: IssuerLimits, clock: any WallClock) {
    self.limits = limits
    self.clock = clock
  }

  /// Waits for a place. Whoever got `.open` has to leave.
  func enter(_ issuer: ByteString, isUrgent: Bool) async -> Pass {
    await withCheckedContinuation { continuation in
      let pass: Pass? = issuers.withLock { issuers in
        var state = issuers[issuer] ?? Issuer()
        defer { issuers[issuer] = state }
        if state.closedUntil > clock.now() { return .closed(until: state.closedUntil) }
        if state.active < places(state) { return admit(&state) }
        if isUrgent { state.urgent.append(continuation) } else { state.patient.append(continuation) }
        return nil
      }
      if let pass { continuation.resume(returning: pass) }
    }
  }

  /// Gives a place back and tells how it went.
  func leave(_ issuer: ByteString, _ experience: Experience) {
    let resumed = issuers.withLock { issuers -> [(CheckedContinuation<Pass, Never>, Pass)] in
      guard var state = issuers[issuer] else { return [] }
      state.active -= 1
      note(experience, &state)
      var resumed: [(CheckedContinuation<Pass, Never>, Pass)] = []
      if state.closedUntil > clock.now() {
        resumed = (state.urgent + state.patient).map { ($0, .closed(until: state.closedUntil)) }
        (state.urgent, state.patient) = ([], [])
      } else {
        while state.active < places(state), let next = Self.next(&state) { resumed.append((next, admit(&state))) }
      }
      let isIdle = state.active == 0 && state.silences == 0 && state.nextSlot <= clock.now()
      issuers[issuer] = isIdle ? nil : state
      return resumed
    }
    for (continuation, pass) in resumed { continuation.resume(returning: pass) }
  }

  /// How many wait for a place; a test seam.
  func waiting(_ issuer: ByteString) -> Int {
    issuers.withLock { ($0[issuer]?.urgent.count ?? 0) + ($0[issuer]?.patient.count ?? 0) }
  }

  private func places(_ state: Issuer) -> Int { state.silences >= limits.silences ? 1 : limits.concurrent }

  private func admit(_ state: inout Issuer) -> Pass {
    state.active += 1
    let now = clock.now()
    let slot = max(now, state.nextSlot)
    state.nextSlot = slot + .milliseconds(1000 / max(1, limits.perSecond))
    return .open(after: slot - now)
  }

  private func note(_ experience: Experience, _ state: inout Issuer) {
    switch experience {
    case .answered: state.silences = 0
    case .notAsked: break
    case .silent:
      state.silences += 1
      guard state.silences >= limits.silences else { return }
      let doublings = min(state.silences - limits.silences, 10)
      let rest = min(limits.rest * (1 << doublings), limits.longestRest)
      state.closedUntil = clock.now() + rest
    }
  }

  private static func next(_ state: inout Issuer) -> CheckedContinuation<Pass, Never>? {
    if !state.urgent.isEmpty { return state.urgent.removeFirst() }
    return state.patient.isEmpty ? nil : state.patient.removeFirst()
  }
}
