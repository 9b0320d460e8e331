import MartletDomain

/// Answers an exchange that was admitted: a relay where both hops speak the same era, a bridge where they don't. Used on
/// its event loop only.
protocol ExchangeAnswer: AnyObject {
  /// Whose answer it is, for whoever takes it away.
  var principal: Principal { get }

  /// Whether it goes on until somebody ends it, unlike the answer of a call, which was allowed when it was made and may
  /// outlive its token.
  var isEndless: Bool { get }

  /// What waited for a slow reader has gone out, or begins to wait.
  func clientWritabilityChanged()

  /// The client is gone.
  func clientDisconnected()

  /// Ends it: the right to it is gone, a newer one takes its place, or the process stops.
  ///
  /// - Parameter reason: A stable code for the trail.
  func close(reason: String)
}
