import NIOCore

/// How slowly the body of a request may arrive: whatever comes within a minute, and beyond it 1 KiB for each second
/// (V-084).
struct BodyPace {
  let startedAt: NIODeadline

  /// The instant by which more must have come.
  func deadline(received bytes: Int) -> NIODeadline {
    startedAt + GatewayLimits.bodyTime + .milliseconds(Int64(bytes) * 1000 / Int64(GatewayLimits.bodyRate))
  }
}
