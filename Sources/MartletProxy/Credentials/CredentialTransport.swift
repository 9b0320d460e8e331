import MartletDomain
import NIOCore

/// Puts credentials onto requests, whoever sends them: calls, probes, streams, farewells, either bridge, HTTP+SSE.
///
/// It stands right above HTTP, so that nothing that goes out in the name of an account can miss it; what names no account
/// passes at the cost of one comparison. A credential that a server refuses is replaced once and the request sent again:
/// 401 means that it wasn't executed.
public struct CredentialTransport: UpstreamTransport {
  private let base: any UpstreamTransport
  private let credentials: any UpstreamCredentials
  private let revocations: RevocationIndex
  private let places: Int

  /// Stands on another transport.
  ///
  /// - Parameters:
  ///   - base: Carries requests.
  ///   - credentials: Has the credentials of accounts.
  ///   - revocations: What was taken away.
  ///   - eventLoops: How many share what may be under way at a server at once.
  public init(
    over base: any UpstreamTransport, credentials: any UpstreamCredentials, revocations: RevocationIndex,
    eventLoops: Int
  ) {
    self.base = base
    self.credentials = credentials
    self.revocations = revocations
    places = max(1, GatewayLimits.requestsWithCredentials / max(1, eventLoops))
  }

  /// Sends a request.
  public func send(_ request: consuming OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    guard let account = request.account else { return base.send(request, to: receiver, on: eventLoop) }
    let call = CredentialedCall(
      request, of: account, to: receiver, over: base, credentials: credentials, revocations: revocations,
      queue: AccountQueue.of(eventLoop, places: places), on: eventLoop)
    call.start()
    return call
  }

  /// Ends what is open.
  public func endSessions(where isOver: @escaping @Sendable (Principal) -> Bool) { base.endSessions(where: isOver) }
}
