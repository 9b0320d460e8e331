import MCPProtocol
import MartletDomain
import NIOCore

/// The session of a request, known to belong to its caller.
struct BoundSession: Sendable {
  private let known: KnownSession
  var session: MCPSession { known.session }
  /// What the client said of itself when it initialized.
  var client: LegacyClientProfile { known.client }

  init(_ known: KnownSession) { self.known = known }
}

/// Finds the session that a request names. Someone else's id, an unknown one and an ended one are the same 404 (V-014);
/// none is ever guessed (V-016).
struct SessionResolver: Sendable {
  let sessions: MCPSessions

  func resolve(_ request: AuthenticatedRequest, id: JSONRPCID?, on eventLoop: any EventLoop) -> Staged<BoundSession?> {
    let headers = request.routed.incoming.headers
    guard let value = headers.bytes(of: .mcpSessionID) else { return .ready(.success(nil)) }
    guard headers.count(.mcpSessionID) == 1, let digest = ArtefactKind.mcpSession.digest(value) else {
      return .ready(.failure(.unknownSession(id: id)))
    }
    let binding = request.principal.binding
    if let known = sessions.remembered(digest) { return .ready(bound(known, to: binding, id: id)) }
    let sessions = self.sessions
    let resolver = self
    return .later(
      eventLoop.makeFutureWithTask {
        do throws(StoreError) {
          return resolver.bound(try await sessions.read(digest), to: binding, id: id)
        } catch {
          return .failure(.temporarilyUnavailable(reason: "session_store", id: id))
        }
      })
  }

  private func bound(_ known: KnownSession?, to binding: PrincipalBinding, id: JSONRPCID?)
    -> Result<BoundSession?, Rejection>
  {
    guard let known, known.session.binding == binding else { return .failure(.unknownSession(id: id)) }
    return .success(BoundSession(known))
  }
}
