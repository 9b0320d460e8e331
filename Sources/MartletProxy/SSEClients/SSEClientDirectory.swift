import MartletDomain
import NIOCore
import StrictCoding
import Synchronization

/// The open streams of clients of 2024-11-05, whichever event loop each lives on.
final class SSEClientDirectory: Sendable {
  private struct Entry {
    let binding: PrincipalBinding
    let session: NIOLoopBound<SSEClientSession>
  }

  private let entries = Mutex<[ArtefactDigest: Entry]>([:])
  private let random: any RandomSource
  private static let parameter = Array("session_id".utf8)

  init(random: any RandomSource) { self.random = random }

  /// Adds a session.
  ///
  /// - Returns: The id for the client, and what takes the session away again.
  func add(_ session: NIOLoopBound<SSEClientSession>, of binding: PrincipalBinding) -> (id: Secret, ArtefactDigest) {
    let id = ArtefactKind.eventStream.mint(random)
    let digest = ArtefactKind.eventStream.digest(id)
    entries.withLock { $0[digest] = Entry(binding: binding, session: session) }
    return (id, digest)
  }

  func remove(_ digest: ArtefactDigest) { entries.withLock { _ = $0.removeValue(forKey: digest) } }

  /// The session that a query names. Someone else's, an unknown one and one that has ended are the same (V-014); none
  /// is ever guessed (V-016).
  func session(query: String, for principal: Principal) throws(Rejection) -> NIOLoopBound<SSEClientSession> {
    let named = query.utf8.split(separator: UInt8(ascii: "&")).compactMap { pair -> [UInt8]? in
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      return name.elementsEqual(Self.parameter) ? Array(pair.dropFirst(name.count + 1)) : nil
    }
    guard named.count == 1, let digest = ArtefactKind.eventStream.digest(named[0]),
      let entry = entries.withLock({ $0[digest] }), entry.binding == principal.binding
    else { throw .unknownSession(id: nil) }
    return entry.session
  }
}
