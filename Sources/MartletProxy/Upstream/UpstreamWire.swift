import NIOCore

/// A connection to an upstream as a codec offers it: the seam that keeps the request path and codecs apart. Used on its
/// event loop only.
protocol UpstreamWire: AnyObject {
  /// Whether the connection is open.
  var isActive: Bool { get }

  /// Whether nothing came that is yet to be read, no end and no error either: by what the system says right now.
  var isQuiet: Bool { get }

  /// Sends a whole request.
  ///
  /// - Returns: Whether it could be sent. A field that can't stand in a head is not.
  func send(_ request: OutboundRequest) -> Bool

  /// Stops or goes on reading.
  func setReading(_ reading: Bool)

  /// A stream has begun: it may stay for long, and needs nothing of what a request was sent with.
  func streamBegan()

  /// Ends the connection.
  func close()
}

extension UpstreamWire {
  /// A codec that keeps nothing has nothing to give back.
  func streamBegan() {}
}
