/// Answers an exchange that was admitted: a relay where both hops speak the same era, a bridge where they don't. Used on
/// its event loop only.
protocol ExchangeAnswer: OpenStream {
  /// What waited for a slow reader has gone out, or begins to wait.
  func clientWritabilityChanged()

  /// The client is gone.
  func clientDisconnected()
}
