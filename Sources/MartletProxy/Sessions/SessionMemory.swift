import MartletDomain
import StrictCoding
import Synchronization

/// A session as it is remembered: all its calls share one.
final class KnownSession: Sendable {
  let session: MCPSession
  private let notedAt: Atomic<Int64>
  private let profile = Mutex<LegacyClientProfile?>(nil)

  init(_ session: MCPSession) {
    self.session = session
    notedAt = Atomic(session.usedAt.milliseconds)
  }

  /// What the client said of itself when it initialized; read when somebody asks.
  var client: LegacyClientProfile {
    profile.withLock { profile in
      if let profile { return profile }
      let read = LegacyClientProfile(session)
      profile = read
      return read
    }
  }

  /// Whether its use is to be written down: that was done long ago, or for a time to come.
  func isUseDue(at now: Timestamp) -> Bool {
    let noted = now - Timestamp(milliseconds: notedAt.load(ordering: .relaxed))
    if noted >= .zero, noted < MCPSessions.useInterval { return false }
    notedAt.store(now.milliseconds, ordering: .relaxed)
    return true
  }
}

/// What many sessions have in common, kept once: it is most of what is remembered of them, and the processor has it at
/// hand whichever of them is called.
struct CommonParts {
  private var bindings: Set<PrincipalBinding> = []
  private var requests: Set<[UInt8]> = []
  private var urls: [ByteString: String] = [:]
  private static let capacity = 10_000

  /// The same session, sharing what others had before.
  mutating func sharing(_ session: MCPSession) -> MCPSession {
    // They only save room: whatever is let go of here stays with the sessions that have it.
    if max(bindings.count, requests.count, urls.count) >= Self.capacity { self = CommonParts() }
    var shared = session
    shared.binding = bindings.insert(session.binding).memberAfterInsert
    shared.initializeRequest = requests.insert(session.initializeRequest).memberAfterInsert
    let url = ByteString(session.upstreamURL)
    shared.upstreamURL = urls[url] ?? session.upstreamURL
    urls[url] = shared.upstreamURL
    return shared
  }
}

/// So many sessions, found by digest. When there are more, any one makes room. Forgetting the one unused for longest would
/// be worse: sessions that take turns, one more of them than fit, would each be forgotten just before their turn.
struct SessionMemory {
  private struct Entry {
    var session: KnownSession
    var place: Int
  }

  private let capacity: Int
  private var entries: [ArtefactDigest: Entry] = [:]
  /// The digests, in no order, so that any one can be picked.
  private var digests: [ArtefactDigest] = []
  private var picked: UInt64 = 0

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { digests.count }

  subscript(digest: ArtefactDigest) -> KnownSession? { entries[digest]?.session }

  mutating func insert(_ session: KnownSession) {
    let digest = session.session.digest
    if let place = entries[digest]?.place {
      entries[digest] = Entry(session: session, place: place)
      return
    }
    if digests.count >= capacity { remove(digests[pick()]) }
    entries[digest] = Entry(session: session, place: digests.count)
    digests.append(digest)
  }

  mutating func remove(_ digest: ArtefactDigest) {
    guard let place = entries.removeValue(forKey: digest)?.place, let last = digests.popLast() else { return }
    guard place < digests.count else { return }
    digests[place] = last
    entries[last]?.place = place
  }

  /// A place that is as good as random (a Weyl sequence, mixed).
  private mutating func pick() -> Int {
    picked &+= 0x9E37_79B9_7F4A_7C15
    var mixed = picked
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return Int(mixed.multipliedFullWidth(by: UInt64(digests.count)).high)
  }
}
