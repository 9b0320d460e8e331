import Crypto
import MartletDomain
import OAuthClient
import StrictCoding
import Synchronization

/// Tokens that were verified a moment ago, by SHA-256 of the route and the whole token (V-005).
///
/// At most 100,000; when it is full, it is emptied: a token costs one more signature check then, never a wrong answer.
final class TokenCache: Sendable {
  struct Key: Hashable, Sendable {
    private let digest: InlineDigest

    init(token: ArraySlice<UInt8>, route: RouteID) {
      var hash = SHA256()
      // A path has no NUL, so no route and token give another's bytes. One piece: each has its price.
      var path = route.path
      let length = path.utf8.count + 1
      withUnsafeTemporaryAllocation(byteCount: length + token.count, alignment: 1) { piece in
        path.withUTF8 { piece.copyMemory(from: UnsafeRawBufferPointer($0)) }
        piece[length - 1] = 0
        token.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: piece[length...]).copyMemory(from: $0) }
        hash.update(bufferPointer: UnsafeRawBufferPointer(piece))
      }
      digest = hash.finalize().withUnsafeBytes { InlineDigest($0) }
    }
  }

  /// Immutable; a class, since each request looks at one.
  final class Entry: Sendable {
    let principal: Principal
    /// The generation of the revocation index at which the principal was found unrevoked.
    let generation: UInt64
    /// When it has to be looked up again: an API key may have ended without a word.
    let recheckAt: Timestamp
    /// Where the key may be used from; `nil` for anywhere.
    let addresses: AddressRanges?

    init(principal: Principal, generation: UInt64, recheckAt: Timestamp = .distantFuture) {
      self.principal = principal
      self.generation = generation
      self.recheckAt = recheckAt
      addresses = principal.key?.scope.addresses.map { AddressRanges($0) }
    }
  }

  private let entries = Mutex<[Key: Entry]>([:])
  private let capacity: Int

  init(capacity: Int = 100_000) { self.capacity = capacity }

  func entry(_ key: Key, at now: Timestamp) -> Entry? {
    entries.withLock { entries in
      guard let entry = entries[key] else { return nil }
      guard entry.principal.expiresAt > now, entry.recheckAt > now else {
        entries[key] = nil
        return nil
      }
      return entry
    }
  }

  func remember(_ principal: Principal, generation: UInt64, for key: Key) {
    remember(Entry(principal: principal, generation: generation), for: key)
  }

  func remember(_ entry: Entry, for key: Key) {
    entries.withLock { entries in
      if entries.count >= capacity, entries[key] == nil { entries.removeAll(keepingCapacity: true) }
      entries[key] = entry
    }
  }
}
