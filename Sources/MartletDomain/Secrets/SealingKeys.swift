import Crypto
import StrictCoding
import Synchronization

/// The keys of one `Sealer`: the first seals, all of them open.
///
/// Every copy of a sealer shares them, so a running process that reads its key file again seals under the new key from
/// that moment on. A key that left is still good for opening what clients hold for a while.
public final class SealingKeys: Sendable {
  struct Key: Sendable {
    let key: SymmetricKey
    let id: [UInt8]

    init(_ key: SymmetricKey) {
      self.key = key
      let identity = HMAC<SHA256>.authenticationCode(for: Array("martlet key id".utf8), using: key)
      id = Array(Array(identity).prefix(8))
    }
  }

  private struct State {
    var keys: [Key]
    var leaving: [(key: Key, until: ContinuousClock.Instant)] = []
    var lookedAt: ContinuousClock.Instant?
  }

  /// How long a key that left still opens: longer than a call waits for its client's answer.
  private static let farewell: Duration = .seconds(900)
  /// How often a value under an unknown key, which may be a stranger's invention, leads to another look.
  private static let glance: Duration = .milliseconds(200)

  private let reading: @Sendable () -> [SymmetricKey]?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - keys: The sealing one first; never empty.
  ///   - reading: Reads them again; `nil` where that can't be done now, and then those known stay.
  public init?(_ keys: [SymmetricKey], reading: @escaping @Sendable () -> [SymmetricKey]?) {
    guard !keys.isEmpty else { return nil }
    state = Mutex(State(keys: keys.map(Key.init)))
    self.reading = reading
  }

  init(only key: SymmetricKey) {
    state = Mutex(State(keys: [Key(key)]))
    reading = { nil }
  }

  /// The names of all keys, the sealing one first.
  public var names: [String] { state.withLock { $0.keys.map { Hex.encode($0.id) } } }

  /// Reads the keys again.
  ///
  /// - Returns: Whether they changed.
  @discardableResult
  public func readAgain() -> Bool {
    guard let read = reading(), !read.isEmpty else { return false }
    let (keys, now) = (read.map(Key.init), ContinuousClock.now)
    return state.withLock { state in
      state.lookedAt = now
      guard keys.map(\.id) != state.keys.map(\.id) else { return false }
      let gone = state.keys.filter { old in !keys.contains { $0.id == old.id } }
      state.leaving = state.leaving.filter { $0.until > now } + gone.map { ($0, now + Self.farewell) }
      state.keys = keys
      return true
    }
  }

  var sealing: Key { state.withLock { $0.keys[0] } }

  func key(_ id: [UInt8]) -> Key? {
    let now = ContinuousClock.now
    let (found, mayLook) = state.withLock { state -> (Key?, Bool) in
      if let known = state.keys.first(where: { $0.id == id }) { return (known, false) }
      if let old = state.leaving.first(where: { $0.key.id == id && $0.until > now }) { return (old.key, false) }
      let mayLook = state.lookedAt.map { now - $0 >= Self.glance } ?? true
      if mayLook { state.lookedAt = now }
      return (nil, mayLook)
    }
    guard found == nil, mayLook, readAgain() else { return found }
    return state.withLock { $0.keys.first { $0.id == id } }
  }
}
