import MartletDomain
import NIOCore

/// The store's answers, brought back to the event loop of an exchange.
extension MCPSessions {
  func open(
    on eventLoop: any EventLoop, _ makeSession: @escaping @Sendable (ArtefactDigest, Timestamp) -> MCPSession
  ) -> EventLoopFuture<Secret> {
    eventLoop.makeFutureWithTask { try await self.open(makeSession) }
  }

  func end(_ session: MCPSession, on eventLoop: any EventLoop) {
    _ = eventLoop.makeFutureWithTask { try await self.end(session.digest) }
  }
}
