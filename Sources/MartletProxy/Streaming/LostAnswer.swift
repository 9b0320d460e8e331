import MCPProtocol

/// What a client hears on a stream whose call will not be answered any more.
enum LostAnswer {
  /// Events that say so; none where the call isn't known.
  static func events(_ id: JSONRPCID?) -> [SSEEvent] {
    guard let id else { return [] }
    let failure = MCPResponse.Failure(code: .upstreamUnavailable, message: RejectionRendering.outcomeUnknown)
    return [SSEEvent(message: .response(MCPResponse(id: id, outcome: .error(failure))))]
  }

  /// Whether the data of a stream's last event is a response: then nothing is missing.
  static func isResponse(_ data: [UInt8]?) -> Bool {
    guard let data, case .response? = try? MCPMessage.parse(data) else { return false }
    return true
  }
}
