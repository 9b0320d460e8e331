import MartletDomain
import NIOCore

/// The store's answers, brought back to the event loop of an exchange.
extension MCPSessions {
  func open(
    on eventLoop: any EventLoop, _ makeSession: @escaping @Sendable (ArtefactDigest, Timestamp) -> MCPSession
  ) -> EventLoopFuture<Secret> {
    eventLoop.makeFutureWithTask { try await self.open(makeSession) }
  }

  /// Stores a session that was prepared.
  func open(_ session: MCPSession, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    eventLoop.makeFutureWithTask { try await self.open(session) }
  }

  func note(_ preference: SessionPreference, in session: MCPSession, on eventLoop: any EventLoop)
    -> EventLoopFuture<Void>
  {
    eventLoop.makeFutureWithTask { try await self.note(preference, in: session) }
  }

  /// The session as the store has it now.
  func reread(_ session: MCPSession, on eventLoop: any EventLoop) -> EventLoopFuture<MCPSession?> {
    eventLoop.makeFutureWithTask { try await self.session(session.digest) }
  }

  func move(_ lost: MCPSession, to session: UpstreamSession, on eventLoop: any EventLoop)
    -> EventLoopFuture<MCPSession?>
  {
    let (id, url) = (session.id, session.instance.string)
    // A session that its server didn't know of speaks what the server chooses.
    let revision = lost.isUnconnected ? session.revision : lost.revision
    return eventLoop.makeFutureWithTask { try await self.move(lost, to: id, at: url, speaking: revision) }
  }

  /// - Returns: Done when the store has forgotten it, or refused to.
  @discardableResult
  func end(_ session: MCPSession, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    eventLoop.makeFutureWithTask { try await self.end(session.digest) }
  }
}
