import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// What an upstream answered to `initialize`, read: the response, and the session that the upstream began with it.
struct InitializeAnswer {
  let response: MCPResponse
  let upstreamSession: String?

  /// Reads an answer.
  ///
  /// - Parameters:
  ///   - body: The body so far; a stream may go on after the response.
  ///   - headers: The upstream's header fields.
  /// - Returns: `nil` while there is no response in it.
  init?(body: [UInt8], headers: HeaderFields) {
    let response: MCPResponse?
    if MediaType.isEventStream(headers.first("content-type")) {
      var parser = SSEParser()
      response = (try? parser.feed(body)).flatMap { Self.response(in: $0) }
    } else if case .response(let single)? = try? MCPMessage.parse(body, limits: .upstreamAnswer) {
      response = single
    } else {
      response = nil
    }
    guard let response else { return nil }
    self.init(response: response, headers: headers)
  }

  init(response: MCPResponse, headers: HeaderFields) {
    self.response = response
    upstreamSession = headers.first("mcp-session-id")
  }

  /// The revision that the server chose.
  var revision: ProtocolRevision? {
    response.result?["protocolVersion"]?.stringValue.flatMap { ProtocolRevision($0) }
  }

  /// Whether the upstream's session id could be sent back: visible ASCII, by the transport (§4.2).
  var hasUsableSession: Bool {
    guard let upstreamSession else { return true }
    return !upstreamSession.isEmpty && upstreamSession.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      && upstreamSession.utf8.count <= GatewayLimits.upstreamSession
  }

  private static func response(in events: [SSEEvent]) -> MCPResponse? {
    for event in events {
      guard let data = event.messageData,
        case .response(let response)? = try? MCPMessage.parse(data, limits: .upstreamAnswer)
      else { continue }
      return response
    }
    return nil
  }
}
