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

  /// Whether the data of a stream's last event is a response, or a batch of them (2025-03-26): then nothing is missing. Of
  /// what is too large or too loose to be read here, but went on to the client as it came, a look has to do.
  static func isResponse(_ data: [UInt8]?) -> Bool {
    guard let data else { return false }
    do throws(MCPMessageError) {
      let messages = try MCPPayload.parse(data, allowsBatches: true).messages
      return messages.contains { if case .response = $0 { true } else { false } }
    } catch {
      return mayBeResponse(data) && ["\"result\"", "\"error\""].contains { data.contains($0.utf8) }
    }
  }
}

/// Whether a stream of a call has brought the response yet. Some servers go on after it, with a last word in the log.
struct ResponseWatch {
  private var lastData: [UInt8]?
  /// Whether the response came before the last event.
  private var isAnswered = false

  mutating func note(_ events: [SSEEvent]) {
    for event in events {
      guard let data = event.messageData else { continue }
      if !isAnswered, let lastData, LostAnswer.mayBeResponse(lastData) { isAnswered = LostAnswer.isResponse(lastData) }
      lastData = data
    }
  }

  var hasResponse: Bool { isAnswered || LostAnswer.isResponse(lastData) }
}
