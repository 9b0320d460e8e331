import MCPProtocol

/// What a client hears on a stream whose call will not be answered any more.
enum LostAnswer {
  /// Events that say so; none where the call isn't known.
  static func events(_ id: JSONRPCID?) -> [SSEEvent] {
    guard let id else { return [] }
    let failure = MCPResponse.Failure(code: .upstreamUnavailable, message: RejectionRendering.outcomeUnknown)
    return [SSEEvent(message: .response(MCPResponse(id: id, outcome: .error(failure))))]
  }

  /// Whether data may be a response: what says `"me…`, its method, at the beginning, as nearly everybody writes it, is
  /// none. A look that costs nothing, before one that does.
  static func mayBeResponse(_ data: [UInt8]) -> Bool {
    let (quote, m, e) = (UInt8(ascii: "\""), UInt8(ascii: "m"), UInt8(ascii: "e"))
    for index in 0..<max(0, min(40, data.count) - 2)
    where data[index] == quote && data[index + 1] == m && data[index + 2] == e { return false }
    return true
  }

  /// Whether the data of a stream's last event is a response: then nothing is missing.
  static func isResponse(_ data: [UInt8]?) -> Bool {
    guard let data, case .response? = try? MCPMessage.parse(data) else { return false }
    return true
  }
}
