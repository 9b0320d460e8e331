import MartletDomain
import OAuthProtocol
import StrictCoding
import Synchronization

/// Our signing keys: one set for access tokens, one for assertions to upstreams.
///
/// A new key is published for longer than any cache keeps `/jwks` before it signs, and an old one stays published until
/// its last token has expired, so that no valid token is ever rejected. Processes that share a store see each
/// other's rotations by `refresh()`.
public final class SigningKeys: Sendable {
  /// How long a new key is published before it signs; `/jwks` may be cached for 5 min.
  public static let publication: Duration = .seconds(600)
  /// What an old key stays published for beyond the life of its last token: clocks of several processes differ.
  public static let retirementLeeway: Duration = .seconds(600)
  /// The least time between two reads of the store that unknown `kid`s cause.
  public static let refreshInterval: Duration = .seconds(10)

  private let store: any SigningKeyStore
  private let sealing: SigningKeySealing
  private let clock: any WallClock
  private let tokenLifetime: @Sendable () -> Duration
  private let audit: any AuditSink
  private let state = Mutex(State())

  private struct State {
    var snapshot = SigningKeySnapshot()
    var lastRead = Timestamp.distantPast
    var readsBegun = 0
    var newestRead = 0

    mutating func begin(at now: Timestamp) -> Int {
      lastRead = now
      readsBegun += 1
      return readsBegun
    }

    /// A slow read never replaces what a later one brought.
    mutating func install(_ read: SigningKeySnapshot, of number: Int) {
      guard number > newestRead else { return }
      newestRead = number
      snapshot = read
    }
  }

  /// Prepares; nothing is loaded yet.
  ///
  /// - Parameters:
  ///   - store: Where the keys are kept.
  ///   - sealer: Seals the private halves.
  ///   - clock: The time of day.
  ///   - random: Where new keys come from.
  ///   - tokenLifetime: How long an access token lives at present.
  ///   - audit: Takes `signing_key.rotated`.
  public init(
    store: any SigningKeyStore, sealer: Sealer, clock: any WallClock, random: any RandomSource,
    tokenLifetime: @escaping @Sendable () -> Duration, audit: any AuditSink
  ) {
    self.store = store
    self.sealing = SigningKeySealing(sealer: sealer, random: random)
    self.clock = clock
    self.tokenLifetime = tokenLifetime
    self.audit = audit
  }

  /// Reads the keys, and makes those that an installation needs at its first start. To be called before listening.
  ///
  /// - Throws: `SigningKeyError`; without keys nothing may be served.
  public func load() async throws(SigningKeyError) {
    try await refresh()
    for use in SigningKeyUse.allCases where newest(use) == nil { try await rotate(use) }
  }

  /// Reads the store again: another process may have rotated.
  ///
  /// - Throws: `SigningKeyError`; the keys known so far stay in use.
  public func refresh() async throws(SigningKeyError) {
    let now = clock.now()
    let number = state.withLock { $0.begin(at: now) }
    let records: [SigningKeyRecord]
    do {
      records = try await store.signingKeys(at: now)
    } catch {
      throw .store(error)
    }
    var keys: [SigningKeySnapshot.Key] = []
    for record in records { keys.append(try sealing.open(record)) }
    let read = SigningKeySnapshot(keys: keys)
    state.withLock { $0.install(read, of: number) }
  }

  /// A key's private half, sealed under the master key of now.
  ///
  /// - Throws: `SealError`.
  public func reseal(_ record: SigningKeyRecord) throws(SealError) -> [UInt8] { try sealing.reseal(record) }

  /// Reads the store again because a token named an unknown key, at most once in 10 s.
  ///
  /// - Returns: Whether it was read, so that verifying again makes sense.
  public func refreshAfterUnknownKey() async -> Bool {
    let now = clock.now()
    let isDue = state.withLock { state in
      // A clock that was set back must not stop reading until it has caught up.
      guard now - state.lastRead >= Self.refreshInterval || now < state.lastRead else { return false }
      state.lastRead = now
      return true
    }
    guard isDue else { return false }
    do {
      try await refresh()
      return true
    } catch {
      return false
    }
  }

  /// Adds a key. The first of its use signs at once, later ones after `publication`; the keys before it retire when
  /// their last token has expired.
  ///
  /// - Parameter use: Which set.
  /// - Returns: The new key's `kid`, or that of the key that another process added at the same moment.
  /// - Throws: `SigningKeyError`; nothing was changed.
  @discardableResult
  public func rotate(_ use: SigningKeyUse) async throws(SigningKeyError) -> String {
    let before = newest(use)
    let now = clock.now()
    let activation = before == nil ? now : now + Self.publication
    // Strictly later than its predecessor, so that "newest" has one meaning.
    let created = before.map { max(now, $0.createdAt + .milliseconds(1)) } ?? now
    let record = try sealing.make(use, createdAt: created, activatesAt: activation)
    let retirement = before == nil ? nil : activation + tokenLifetime() + Self.retirementLeeway
    let added: Bool
    do {
      added = try await store.addSigningKey(record, ifNewestIs: before?.id, retiringOthersAt: retirement)
    } catch {
      throw .store(error)
    }
    if added { audit.record(AuditEvent(at: now, action: .signingKeyRotated, target: record.id, reason: use.rawValue)) }
    try await refresh()
    guard let newest = newest(use), newest.id != before?.id else { throw .contended }
    return newest.id
  }

  /// Adds a key to each set whose newest has almost signed for long enough, so that its successor signs in time. Of
  /// several processes that find this out at once, one adds a key and the others see it.
  ///
  /// - Parameter lifetime: How long a key signs.
  /// - Returns: The `kid`s of the keys that came since this process last read the store.
  /// - Throws: `SigningKeyError`; the keys known so far stay in use, and the next call tries again.
  @discardableResult
  public func rotateWhereDue(after lifetime: Duration) async throws(SigningKeyError) -> [String] {
    var added: [String] = []
    for use in SigningKeyUse.allCases {
      guard let newest = newest(use) else { continue }
      if newest.activatesAt + lifetime - Self.publication <= clock.now() { added.append(try await rotate(use)) }
    }
    return added
  }

  /// The published keys (RFC 7517 §5), cacheable for 5 min.
  public func jwks() -> EndpointResponse {
    let now = clock.now()
    let keys = state.withLock { $0.snapshot.published(at: now) }
    guard !keys.isEmpty else {
      return .json(503, OAuthError(.temporarilyUnavailable, "keys are not loaded yet").json()).adding(
        "retry-after", "1")
    }
    return .json(200, JSONWriter.write(JSONWebKeySet(keys).json()), cache: "public, max-age=300")
  }

  /// The key that signs at a time, and until when it is published at least.
  func signer(for use: SigningKeyUse, at now: Timestamp) throws(SigningKeyError) -> SigningKeySnapshot.Key {
    guard let key = state.withLock({ $0.snapshot.signer(for: use, at: now) }) else { throw .noKey }
    return key
  }

  /// The key of that name, if it is ours, for this use, and published.
  func verifier(_ kid: ByteString, use: SigningKeyUse, at now: Timestamp) -> JSONWebKey? {
    state.withLock { $0.snapshot.verifier(kid, use: use, at: now) }
  }

  private func newest(_ use: SigningKeyUse) -> SigningKeyRecord? { state.withLock { $0.snapshot.newest(use) } }
}
