import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding
import Synchronization

/// The open sessions with servers of 2024-11-05, whichever event loop each lives on.
final class SSESessionDirectory: Sendable {
  struct Key: Hashable, Sendable {
    let instance: AbsoluteURL
    let id: ByteString
  }

  private struct Entry {
    let session: NIOLoopBound<SSEUpstreamSession>
    var usedAt: NIODeadline
  }

  private let entries = Mutex<[Key: Entry]>([:])
  private let capacity: Int
  private let random: any RandomSource
  private static let prefix = Array("mus_".utf8)

  init(random: any RandomSource, capacity: Int = GatewayLimits.sseSessions) {
    self.random = random
    self.capacity = capacity
  }

  /// An id that nobody can guess, and that tells what it belongs to.
  func makeID() -> String { String(decoding: Self.prefix, as: UTF8.self) + Base64URL.encode(random.bytes(32)) }

  /// Whether an id has the form of ours.
  static func isOurs(_ id: String) -> Bool { id.utf8.starts(with: prefix) }

  func session(_ key: Key) -> NIOLoopBound<SSEUpstreamSession>? {
    entries.withLock { entries in
      guard let entry = entries[key] else { return nil }
      entries[key]?.usedAt = .now()
      return entry.session
    }
  }

  /// Adds a session. Where there are too many, the one that was longest unused ends for it; it begins again by itself
  /// when it is used.
  func add(_ session: NIOLoopBound<SSEUpstreamSession>, as key: Key) {
    let evicted = entries.withLock { entries -> Entry? in
      var evicted: Entry?
      if entries.count >= capacity, let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt })?.key {
        evicted = entries.removeValue(forKey: oldest)
      }
      entries[key] = Entry(session: session, usedAt: .now())
      return evicted
    }
    if let evicted { evicted.session.eventLoop.execute { evicted.session.value.end(.timeout) } }
  }

  var all: [NIOLoopBound<SSEUpstreamSession>] { entries.withLock { $0.values.map(\.session) } }

  func remove(_ key: Key) { entries.withLock { _ = $0.removeValue(forKey: key) } }
}
