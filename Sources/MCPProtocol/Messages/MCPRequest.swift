import StrictCoding

/// A JSON-RPC request.
public struct MCPRequest: Sendable, Equatable {
  /// The id that the answer echoes; never `.null`.
  public let id: JSONRPCID
  /// What is asked for.
  public let method: MCPMethod
  /// The parameters, or nil where there are none.
  public let params: JSONObject?
  /// The whole message.
  public let object: JSONObject

  /// Makes a request to send.
  public init(id: JSONRPCID, method: MCPMethod, params: JSONObject? = nil) {
    self.id = id
    self.method = method
    self.params = params
    var object: JSONObject = ["jsonrpc": "2.0", "id": id.json, "method": .string(method.name)]
    object["params"] = params.map { .object($0) }
    self.object = object
  }

  init(id: JSONRPCID, method: MCPMethod, params: JSONObject?, object: JSONObject) {
    self.id = id
    self.method = method
    self.params = params
    self.object = object
  }

  /// The request's `_meta`; empty where there is none.
  public var metadata: RequestMetadata {
    RequestMetadata(params?["_meta"]?.objectValue ?? JSONObject())
  }

  /// The name of the tool in `tools/call`; reading a message proved it is there.
  public var toolName: String? {
    method == .toolsCall ? params?["name"]?.stringValue : nil
  }

  /// The arguments of `tools/call` or `prompts/get`.
  public var arguments: JSONObject? {
    method.mirroredName == .name ? params?["arguments"]?.objectValue : nil
  }

  /// The URI in `resources/read`, `resources/subscribe` and `resources/unsubscribe`.
  public var resourceURI: String? {
    switch method {
    case .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe: params?["uri"]?.stringValue
    default: nil
    }
  }

  /// What a modern client mirrors into `Mcp-Name`: a tool's or prompt's name, a resource's URI, a task's id.
  public var mirroredName: String? {
    method.mirroredName.flatMap { params?[$0.rawValue]?.stringValue }
  }

  /// The token under which progress is reported, or nil.
  public var progressToken: JSONRPCID? {
    metadata.progressToken
  }

  /// The same request under another id.
  public func replacing(id: JSONRPCID) -> MCPRequest {
    var object = object
    object["id"] = id.json
    return MCPRequest(id: id, method: method, params: params, object: object)
  }

  /// The same request with other parameters.
  public func replacing(params: JSONObject?) -> MCPRequest {
    var object = object
    object["params"] = params.map { .object($0) }
    return MCPRequest(id: id, method: method, params: params, object: object)
  }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
