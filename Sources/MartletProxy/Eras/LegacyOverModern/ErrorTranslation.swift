import MCPProtocol
import StrictCoding

/// Modern error → legacy error. Codes that only modern has become words.
struct ErrorTranslation: Sendable {
  /// Translates.
  ///
  /// - Parameter request: What the client asked for.
  func legacy(_ failure: MCPResponse.Failure, of request: MCPRequest) -> MCPResponse.Failure {
    switch failure.code {
    case .missingCapability:
      let names = failure.data?["requiredCapabilities"]?.objectValue.map(Self.names) ?? []
      let needed = names.isEmpty ? "a capability" : names.joined(separator: ", ")
      return MCPResponse.Failure(
        code: .invalidRequest, message: "The server needs \(needed), which this client did not declare.",
        data: failure.data)
    case .headerMismatch:
      return MCPResponse.Failure(
        code: .internalError, message: "The server did not accept the headers that Martlet computed for this request.")
    case .unsupportedVersion:
      return MCPResponse.Failure(
        code: .internalError, message: "The server no longer speaks \(ProtocolRevision.latest.rawValue).")
    case .invalidParams where Self.isMissingResource(failure, request):
      return MCPResponse.Failure(code: .legacyResourceNotFound, message: failure.message, data: failure.data)
    default: return failure
    }
  }

  /// Only the URI that was asked for, given back in the error, tells a missing resource from any other bad parameter.
  private static func isMissingResource(_ failure: MCPResponse.Failure, _ request: MCPRequest) -> Bool {
    guard request.method == .resourcesRead, let uri = request.resourceURI else { return false }
    return failure.data?["uri"]?.stringValue?.equalsBytewise(uri) ?? false
  }

  /// `sampling`, `elicitation.url`: the path of each capability, fit for display.
  private static func names(_ capabilities: JSONObject) -> [String] {
    capabilities.members.flatMap { member -> [String] in
      let name = PlainText.sanitized(member.key, limit: 64)
      let inner = member.value.objectValue?.keys ?? []
      return inner.isEmpty ? [name] : inner.map { name + "." + PlainText.sanitized($0, limit: 64) }
    }
  }
}

/// What a server's refusal by HTTP status says.
enum ModernRefusal {
  /// The JSON-RPC error in it; nil where the refusal isn't about the request (S3).
  ///
  /// - Parameter id: The request's id, which makes an answer to it even of a 5xx.
  static func failure(status: Int, body: [UInt8], answering id: JSONRPCID? = nil) -> MCPResponse.Failure? {
    guard (400..<600).contains(status), status != 401, status != 403,
      case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer),
      status < 500 || (id != nil && response.id == id)
    else { return nil }
    return response.failure
  }

  /// Whether a refusal leaves it open that the server speaks the modern era: one that does repeats the request's id.
  static func isDoubtful(status: Int, body: [UInt8], answering id: JSONRPCID?) -> Bool {
    switch status {
    case 400, 404, 405, 406, 415: break
    default: return false
    }
    guard case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer) else { return true }
    return response.id != id
  }

  /// Whether a server refuses in words that only the modern era has.
  static func isMeant(status: Int, body: [UInt8]) -> Bool {
    failure(status: status, body: body)?.code.meansModernEra == true
  }
}
