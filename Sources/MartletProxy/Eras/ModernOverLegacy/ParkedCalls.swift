import MartletDomain
import Synchronization

/// Names one round of a call that waits for input: 128 random bits.
struct ParkedCallID: Hashable, Sendable {
  let bytes: [UInt8]
}

/// A call that waits for input.
struct ParkedCall: Sendable {
  /// Who may go on with it.
  let binding: PrincipalBinding
  /// What was asked, in case an answer is missing or has the wrong shape.
  let asked: [AskedInput]
  /// What the client held of the server.
  let server: LegacyServer
  /// The call.
  let call: OnLoop<LegacyServerCall>
}

/// The calls that wait for input in this process.
final class ParkedCalls: Sendable {
  private struct Entry {
    let parked: ParkedCall
    let until: Timestamp
  }

  private struct State {
    var entries: [ParkedCallID: Entry] = [:]
    var ofPrincipal: [PrincipalBinding: Int] = [:]

    mutating func remove(_ id: ParkedCallID) -> ParkedCall? {
      guard let entry = entries.removeValue(forKey: id) else { return nil }
      let left = (ofPrincipal[entry.parked.binding] ?? 1) - 1
      ofPrincipal[entry.parked.binding] = left > 0 ? left : nil
      return entry.parked
    }
  }

  private let state = Mutex(State())

  /// Keeps a call.
  ///
  /// - Returns: Whether there was room for it.
  func park(_ parked: ParkedCall, as id: ParkedCallID, until: Timestamp) -> Bool {
    state.withLock { state in
      let own = state.ofPrincipal[parked.binding] ?? 0
      guard own < BridgeLimits.parkedCallsOfPrincipal, state.entries.count < BridgeLimits.parkedCalls else {
        return false
      }
      state.entries[id] = Entry(parked: parked, until: until)
      state.ofPrincipal[parked.binding] = own + 1
      return true
    }
  }

  /// A call that waits for this input of this principal.
  func peek(_ id: ParkedCallID, of binding: PrincipalBinding) -> ParkedCall? {
    state.withLock { $0.entries[id]?.parked }.flatMap { $0.binding == binding ? $0 : nil }
  }

  /// Takes a call out, to go on with it; nil where somebody else was first.
  func take(_ id: ParkedCallID, of binding: PrincipalBinding) -> ParkedCall? {
    state.withLock { state in
      guard state.entries[id]?.parked.binding == binding else { return nil }
      return state.remove(id)
    }
  }

  /// Takes out what has waited too long.
  func expired(at now: Timestamp) -> [ParkedCall] {
    state.withLock { state in
      state.entries.filter { $0.value.until <= now }.compactMap { state.remove($0.key) }
    }
  }

  /// How many there are.
  var count: Int { state.withLock { $0.entries.count } }
}
