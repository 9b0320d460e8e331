import MCPProtocol
import StrictCoding

/// What a client said to a server's questions, with what the server wants back.
struct InputAnswers: Sendable {
  var responses: JSONObject?
  var state: JSONValue?
}

/// A request as a modern server takes it.
struct ModernRequest: Sendable {
  let message: MCPRequest
  /// The header fields that mirror it.
  let mirrored: MirroredHeaders
}

/// Legacy request → modern request: `_meta` on each, mirrored headers, nothing of what only legacy knows.
struct RequestTranslation: Sendable {
  let client: LegacyClientProfile
  /// The least level of log messages.
  let logLevel: String

  /// A legacy server tells what it thinks fit where the client sets no level; a modern one tells nothing unasked.
  static let usualLogLevel = "info"

  /// Members of parameters that mean something in one era only, so that clients can't speak them through us; and `_meta`,
  /// which is made anew.
  private static let untranslated = ["_meta", "task", "inputResponses", "requestState"]

  /// Translates.
  ///
  /// - Parameters:
  ///   - id: Ours: a call that is sent again needs another one.
  ///   - answers: What the client said, where the server asked.
  ///   - parameters: The `Mcp-Param-…` fields that the tool's definition asks for.
  /// - Throws: `-32602` where a name is too long for a header.
  func modern(
    _ request: MCPRequest, id: JSONRPCID, answers: InputAnswers? = nil,
    parameters: [MirroredHeaders.Parameter] = []
  ) throws(MCPMessageError) -> ModernRequest {
    var params = request.params(without: Self.untranslated) ?? JSONObject()
    params["inputResponses"] = answers?.responses.map { .object($0) }
    params["requestState"] = answers?.state
    params["_meta"] = .object(metadata(request.metadata.members))
    let message = MCPRequest(id: id, method: request.method, params: params)
    return ModernRequest(message: message, mirrored: try mirrored(request, parameters))
  }

  /// A request of Martlet's own on the client's behalf.
  func own(_ method: MCPMethod, id: JSONRPCID, params: JSONObject = JSONObject()) -> ModernRequest {
    var params = params
    params["_meta"] = .object(metadata(JSONObject()))
    return ModernRequest(
      message: MCPRequest(id: id, method: method, params: params), mirrored: MirroredHeaders(method: method.name))
  }

  private func metadata(_ members: JSONObject) -> JSONObject {
    var metadata = members
    metadata[MetadataKey.protocolVersion] = .string(ProtocolRevision.latest.rawValue)
    metadata[MetadataKey.clientCapabilities] = .object(client.capabilities)
    metadata[MetadataKey.clientInfo] = client.info.map { .object($0) }
    metadata[MetadataKey.logLevel] = .string(logLevel)
    metadata[MetadataKey.subscriptionID] = nil
    metadata[MetadataKey.serverInfo] = nil
    return metadata
  }

  private func mirrored(_ request: MCPRequest, _ parameters: [MirroredHeaders.Parameter]) throws(MCPMessageError)
    -> MirroredHeaders
  {
    let name = request.mirroredName.map { HeaderSentinel.encode($0) }
    let values = [request.method.name, name ?? ""] + parameters.map(\.value)
    let isLong = values.contains { $0.utf8.count > MirroredHeaders.maximumValueBytes }
    if isLong || parameters.count > MirroredHeaders.maximumParameters {
      throw MCPMessageError(
        .invalidParams, "A name or argument is too long for a server of \(ProtocolRevision.latest.rawValue).",
        id: request.id)
    }
    return MirroredHeaders(method: request.method.name, name: name, parameters: parameters)
  }
}
