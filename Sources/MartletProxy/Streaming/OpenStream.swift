import MartletDomain

/// What goes on for a while in somebody's name, and ends when the right to it does. Used on its event loop only.
protocol OpenStream: AnyObject {
  /// Whose it is, for whoever takes it away.
  var principal: Principal { get }

  /// Whether it goes on until somebody ends it, unlike the answer of a call, which was allowed when it was made and may
  /// outlive its token.
  var isEndless: Bool { get }

  /// The account at the server that it hangs on; `nil` for none.
  var account: ConnectionKey? { get }

  /// Ends it: the right to it is gone, a newer one takes its place, or the process stops.
  ///
  /// - Parameter reason: A stable code for the trail.
  func close(reason: String)

  /// Its session lives elsewhere now.
  func sessionMoved(to session: MCPSession)

  /// The configuration may have changed; looked at every second.
  func review(_ settings: GatewaySettings)
}

extension OpenStream {
  var account: ConnectionKey? { nil }

  func sessionMoved(to session: MCPSession) {}

  func review(_ settings: GatewaySettings) {}
}
