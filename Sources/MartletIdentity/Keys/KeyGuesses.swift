import MartletDomain
import OAuthClient
import Synchronization

/// Looks up keys that somebody presents, and slows down who presents well-formed ones that don't exist.
///
/// What was proven once is looked up at any time, and so is everything while few were wrong: behind the address of a
/// hosted client are many users, and after a restart all their keys come at once (V-085). Nobody guesses 190 bits; this
/// keeps the store free and the trail readable.
final class KeyGuesses: Sendable {
  /// Why a key isn't looked up.
  enum Obstacle: Error {
    /// Too many wrong ones came from that network.
    case wait(seconds: Int64)
    case store(StoreError)
  }

  /// 30 failures are free, then 1 s doubling to 60 s and one look-up at a time; forgotten after 15 min.
  private static let pace = ThrottlePace(
    free: 30, atOnce: .max, first: .seconds(1), ceiling: .seconds(60), memory: .seconds(900))

  private let networks: Mutex<FailureTable<SourceNetwork>>
  private let proven = Mutex<Set<ArtefactDigest>>([])
  private let capacity: Int
  private let clock: any WallClock

  init(clock: any WallClock, networks: Int = 10_000, proven: Int = 100_000) {
    self.clock = clock
    self.networks = Mutex(FailureTable(capacity: networks, memory: Self.pace.memory))
    capacity = proven
  }

  /// Looks a key up.
  ///
  /// - Parameters:
  ///   - text: What was presented.
  ///   - address: Where it came from.
  ///   - digest: Which digest a record holds.
  ///   - read: Reads the record of the key's id.
  /// - Returns: The record; `nil` where there is none, or it is another key's.
  func find<Record>(
    _ text: KeyText, from address: String, digest: (Record) -> ArtefactDigest,
    read: () async throws(StoreError) -> Record?
  ) async throws(Obstacle) -> Record? {
    let network = SourceNetwork(address: address)
    let isProven = proven.withLock { $0.contains(text.digest) }
    if !isProven { try begin(network) }
    var isWrong = false
    defer { if !isProven { end(network, failed: isWrong) } }
    let found: Record?
    do { found = try await read() } catch { throw .store(error) }
    guard let found, digest(found).matches(text.digest) else {
      isWrong = true
      proven.withLock { _ = $0.remove(text.digest) }
      return nil
    }
    if !isProven { keep(text.digest) }
    return found
  }

  private func begin(_ network: SourceNetwork) throws(Obstacle) {
    let now = clock.now()
    let wait = networks.withLock { networks in
      let wait = networks.remaining(network, pace: Self.pace, at: now)
      if wait <= .zero { networks.begin(network, at: now) }
      return wait
    }
    guard wait <= .zero else { throw .wait(seconds: max(1, (wait.milliseconds + 999) / 1000)) }
  }

  private func end(_ network: SourceNetwork, failed: Bool) {
    let now = clock.now()
    networks.withLock { $0.end(network, failed: failed, at: now) }
  }

  private func keep(_ digest: ArtefactDigest) {
    proven.withLock { proven in
      if proven.count >= capacity { proven.removeAll(keepingCapacity: true) }
      proven.insert(digest)
    }
  }
}
