import MCPProtocol
import MartletDomain
import NIOCore

/// The session of a request, known to belong to its caller.
struct BoundSession: Sendable {
  private let known: KnownSession
  var session: MCPSession { known.session }

  init(_ known: KnownSession) { self.known = known }
}

/// What a stage answers: now, or when a store has answered.
enum Staged<Value: Sendable>: Sendable {
  case ready(Result<Value, Rejection>)
  case later(EventLoopFuture<Result<Value, Rejection>>)

  /// Goes on with the value once it is there.
  func map<Next: Sendable>(_ next: @escaping @Sendable (Value) -> Result<Next, Rejection>) -> Staged<Next> {
    switch self {
    case .ready(let result): .ready(result.flatMap(next))
    case .later(let future): .later(future.map { $0.flatMap(next) })
    }
  }

  /// Goes on with the value once it is there, with what may have to wait again.
  func then<Next: Sendable>(on eventLoop: any EventLoop, _ next: @escaping @Sendable (Value) -> Staged<Next>)
    -> Staged<Next>
  {
    switch self {
    case .ready(.success(let value)): return next(value)
    case .ready(.failure(let rejection)): return .ready(.failure(rejection))
    case .later(let future):
      return .later(
        future.flatMap { result in
          switch result {
          case .failure(let rejection): eventLoop.makeSucceededFuture(.failure(rejection))
          case .success(let value): next(value).future(on: eventLoop)
          }
        })
    }
  }

  private func future(on eventLoop: any EventLoop) -> EventLoopFuture<Result<Value, Rejection>> {
    switch self {
    case .ready(let result): eventLoop.makeSucceededFuture(result)
    case .later(let future): future
    }
  }
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
          return resolver.bound(try await sessions.session(digest).map { KnownSession($0) }, to: binding, id: id)
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
