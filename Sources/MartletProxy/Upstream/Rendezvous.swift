import Crypto
import MartletDomain

/// Rendezvous hashing: each session ranks all instances by itself, so that one more instance, or one less, moves only the
/// sessions that rank it first.
enum Rendezvous {
  /// Instances in the order in which a session prefers them.
  static func order(_ instances: [UpstreamInstance], for session: ArtefactDigest) -> [UpstreamInstance] {
    guard instances.count > 1 else { return instances }
    return instances.map { ($0, weight(session, $0.url.string)) }.sorted { $0.1 > $1.1 }.map(\.0)
  }

  static func weight(_ session: ArtefactDigest, _ name: String) -> UInt64 {
    var hash = SHA256()
    hash.update(data: session.bytes)
    hash.update(data: Array(name.utf8))
    return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
