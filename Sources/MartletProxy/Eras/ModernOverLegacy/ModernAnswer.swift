import MCPProtocol
import StrictCoding

/// What a modern client hears at the end of a request.
struct ModernAnswer: Sendable, Equatable {
  let outcome: MCPResponse.Outcome

  init(_ outcome: MCPResponse.Outcome) { self.outcome = outcome }

  init(_ code: JSONRPCErrorCode, _ message: String, data: JSONValue? = nil) {
    outcome = .error(MCPResponse.Failure(code: code, message: message, data: data))
  }

  /// Says what a client would have had to declare.
  init(missing features: [ClientFeatures.Feature]) {
    let capabilities = ClientFeatures.capabilities(for: features)
    let names = capabilities.keys.joined(separator: ", ")
    self.init(
      .missingCapability, "The server needs client capabilities that were not declared: \(names)",
      data: ["requiredCapabilities": .object(capabilities)])
  }

  /// Asks for input; the state is for asking on behalf of a call that waits.
  init(asking inputs: [AskedInput], state: String?, server: LegacyServer) {
    var result = ModernResult(server: server).complete(["inputRequests": AskedInput.entries(inputs)])
    result["resultType"] = "input_required"
    result["requestState"] = state.map { .string($0) }
    outcome = .result(.object(result))
  }

  /// The HTTP status, where none was sent yet (MCP 2026-07-28, Streamable HTTP).
  var status: Int {
    guard case .error(let failure) = outcome else { return 200 }
    switch failure.code {
    case .methodNotFound: return 404
    case .limited: return 429
    case .parseError, .invalidRequest, .invalidParams, .headerMismatch, .missingCapability, .unsupportedVersion:
      return 400
    default: return 200
    }
  }

  /// The response to a request.
  func response(to id: JSONRPCID) -> MCPResponse { MCPResponse(id: id, outcome: outcome) }
}
