import MCPProtocol

/// What a server said while nobody was there to hear it, until the next stream opens. Bounded; the oldest goes first.
struct SSEBacklog {
  private var messages: ArraySlice<(data: [UInt8], request: JSONRPCID?)> = []
  private var bytes = 0

  /// Keeps a message.
  ///
  /// - Parameter request: Its id, where it is a request.
  /// - Returns: The requests that had to go for it; each has to be answered.
  mutating func keep(_ data: [UInt8], request: JSONRPCID?) -> [JSONRPCID] {
    messages.append((data, request))
    bytes += data.count
    var dropped: [JSONRPCID] = []
    while messages.count > GatewayLimits.sseBacklog || bytes > GatewayLimits.sseBacklogBytes {
      guard let first = messages.popFirst() else { break }
      bytes -= first.data.count
      if let id = first.request { dropped.append(id) }
    }
    return dropped
  }

  /// Takes the oldest message.
  mutating func next() -> [UInt8]? {
    guard let first = messages.popFirst() else { return nil }
    bytes -= first.data.count
    return first.data
  }
}
