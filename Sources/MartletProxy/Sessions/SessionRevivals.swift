import MCPProtocol
import MartletDomain
import NIOCore
import Synchronization

/// Begins sessions anew that their upstream lost: once for each session in this process, and with the store as the judge
/// between processes.
final class SessionRevivals: Sendable {
  /// Why a session is begun anew.
  enum Cause: Sendable, Equatable {
    /// The upstream doesn't know it.
    case lost
    /// Its instance can't be reached.
    case unreachable
    /// Its instance takes no sessions any more.
    case draining
    /// The upstream refused something, and perhaps doesn't know it: it is asked first.
    case doubtful
  }

  typealias Outcome = Result<MCPSession, Rejection>

  private let flights = Mutex<[ArtefactDigest: EventLoopFuture<Outcome>]>([:])
  let sessions: MCPSessions
  let selector: UpstreamSelector
  let transport: any UpstreamTransport
  let streams: OpenStreams

  init(sessions: MCPSessions, selector: UpstreamSelector, transport: any UpstreamTransport, streams: OpenStreams) {
    self.sessions = sessions
    self.selector = selector
    self.transport = transport
    self.streams = streams
  }

  /// Begins a session anew, or waits for whoever is at it already.
  ///
  /// - Parameters:
  ///   - session: The session as the caller knew it.
  ///   - request: The request that found out.
  ///   - eventLoop: Where the caller is.
  /// - Returns: The session as it is now.
  func revive(
    _ session: MCPSession, for request: AdmittedRequest, _ cause: Cause, on eventLoop: any EventLoop
  ) -> EventLoopFuture<Outcome> {
    let (future, promise) = flights.withLock { flights in
      if let flight = flights[session.digest] { return (flight, EventLoopPromise<Outcome>?.none) }
      let promise = eventLoop.makePromise(of: Outcome.self)
      flights[session.digest] = promise.futureResult
      return (promise.futureResult, promise)
    }
    guard let promise else {
      return future.hop(to: eventLoop).flatMap { [self] outcome in
        // Somebody only asked whether the session is there; this caller knows that it isn't.
        if case .success(let current) = outcome, cause != .doubtful,
          current.upstreamSession == session.upstreamSession
        {
          return revive(session, for: request, cause, on: eventLoop)
        }
        return eventLoop.makeSucceededFuture(outcome)
      }
    }
    SessionRevival(of: session, for: request, cause, self, on: eventLoop).run { [self] outcome in
      flights.withLock { $0[session.digest] = nil }
      promise.succeed(outcome)
    }
    return future
  }
}
