import StrictCoding

/// A JSON-RPC request.
public struct MCPRequest: Sendable, Equatable {
  /// What was read. One reference, since every stage hands the request on, and what several of them ask for is looked up
  /// once.
  private final class Content: Sendable {
    let id: JSONRPCID
    let method: MCPMethod
    let view: JSONObjectView
    let parameters: JSONObjectView?
    let metadata: RequestMetadata
    let mirroredName: String?

    init(
      id: JSONRPCID, method: MCPMethod, view: JSONObjectView, parameters: JSONObjectView?, metadata: RequestMetadata,
      mirroredName: String?
    ) {
      self.id = id
      self.method = method
      self.view = view
      self.parameters = parameters
      self.metadata = metadata
      self.mirroredName = mirroredName
    }
  }

  private let content: Content

  /// The id that the answer echoes; never `.null`.
  public var id: JSONRPCID { content.id }
  /// What is asked for.
  public var method: MCPMethod { content.method }
  /// The whole message, looked at.
  var view: JSONObjectView { content.view }
  private var parameters: JSONObjectView? { content.parameters }

  /// Makes a request to send.
  public init(id: JSONRPCID, method: MCPMethod, params: JSONObject? = nil) {
    var object: JSONObject = ["jsonrpc": "2.0", "id": id.json, "method": .string(method.name)]
    object["params"] = params.map { .object($0) }
    self.init(id: id, method: method, view: JSONObjectView(object))
  }

  init(id: JSONRPCID, method: MCPMethod, view: JSONObjectView) {
    let parameters = view.object("params")
    self.init(
      id: id, method: method, view: view, parameters: parameters,
      metadata: parameters?.object("_meta").map { RequestMetadata($0) } ?? .none,
      mirroredName: method.mirroredName.flatMap { parameters?[$0.rawValue]?.stringValue })
  }

  /// Takes what was found in the message already.
  init(
    id: JSONRPCID, method: MCPMethod, view: JSONObjectView, parameters: JSONObjectView?, metadata: RequestMetadata,
    mirroredName: String?
  ) {
    content = Content(
      id: id, method: method, view: view, parameters: parameters, metadata: metadata, mirroredName: mirroredName)
  }

  /// The parameters, or nil where there are none; built anew each time.
  public var params: JSONObject? { parameters?.tree }

  /// The parameters but those of some names, which aren't built; nil where there are no parameters.
  public func params(without names: [String]) -> JSONObject? {
    parameters?.tree { key in !names.contains { key.holdsSame(as: $0) } }
  }

  /// The whole message; built anew each time.
  public var object: JSONObject { view.tree }

  /// The request's `_meta`; empty where there is none.
  public var metadata: RequestMetadata { content.metadata }

  /// One parameter, or nil; the others aren't built.
  public func parameter(_ name: String) -> JSONValue? { parameters?[name] }

  /// The name of the tool in `tools/call`; reading a message proved it is there.
  public var toolName: String? {
    method == .toolsCall ? content.mirroredName : nil
  }

  /// The arguments of `tools/call` or `prompts/get`.
  public var arguments: JSONObject? {
    method.mirroredName == .name ? parameters?["arguments"]?.objectValue : nil
  }

  /// The URI in `resources/read`, `resources/subscribe` and `resources/unsubscribe`.
  public var resourceURI: String? {
    switch method {
    case .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe: parameters?["uri"]?.stringValue
    default: nil
    }
  }

  /// What a modern client mirrors into `Mcp-Name`: a tool's or prompt's name, a resource's URI, a task's id.
  public var mirroredName: String? { content.mirroredName }

  /// The token under which progress is reported, or nil.
  public var progressToken: JSONRPCID? {
    metadata.progressToken
  }

  /// The same request under another id.
  public func replacing(id: JSONRPCID) -> MCPRequest {
    var object = object
    object["id"] = id.json
    return MCPRequest(id: id, method: method, view: JSONObjectView(object))
  }

  /// The same request with other parameters.
  public func replacing(params: JSONObject?) -> MCPRequest {
    var object = object
    object["params"] = params.map { .object($0) }
    return MCPRequest(id: id, method: method, view: JSONObjectView(object))
  }

  /// Compares what they say, not how it was written.
  public static func == (lhs: MCPRequest, rhs: MCPRequest) -> Bool { lhs.object == rhs.object }

  /// The message as JSON.
  public func encoded() -> [UInt8] {
    JSONWriter.write(.object(object))
  }
}
