import MCPProtocol
import StrictCoding

/// Turns a request of a modern client into one for a legacy server.
enum LegacyRequest {
  /// Parameters that are the modern era's own, and `_meta`, which is made anew.
  private static let untranslated = ["_meta", "requestState", "inputResponses"]

  /// The methods that go on: those that both eras have, and what nobody here knows, such as an extension's.
  static func carries(_ method: MCPMethod) -> Bool {
    switch method {
    case .toolsList, .toolsCall, .promptsList, .promptsGet, .resourcesList, .resourcesTemplatesList, .resourcesRead,
      .completionComplete:
      true
    default: !method.isKnown
    }
  }

  /// Whether a server may ask for input before it answers (Multi Round-Trip Requests, Supported Requests).
  static func takesInput(_ method: MCPMethod) -> Bool {
    switch method {
    case .toolsCall, .promptsGet, .resourcesRead: true
    default: false
    }
  }

  /// Turns a request.
  ///
  /// What is the modern era's own is taken out; everything else goes on, members that nobody knows too.
  ///
  /// - Parameters:
  ///   - request: The client's.
  ///   - id: The id under which the upstream session knows it. It is its progress token too, where the client wants
  ///     progress: tokens of two clients must not meet in one session.
  static func translate(_ request: MCPRequest, id: JSONRPCID) -> MCPRequest {
    var params = request.params(without: untranslated) ?? JSONObject()
    var metadata = request.metadata.foreignMembers
    metadata[MetadataKey.progressToken] = request.progressToken.map { _ in id.json }
    params["_meta"] = metadata.valueUnlessEmpty
    return MCPRequest(id: id, method: request.method, params: params.isEmpty ? nil : params)
  }

  /// The parameters of `initialize` for a modern client.
  ///
  /// - Parameters:
  ///   - info: What the client calls itself.
  ///   - features: What it declared.
  ///   - revision: The revision to offer.
  static func initializeParams(info: JSONObject?, features: ClientFeatures, revision: ProtocolRevision) -> JSONObject {
    var params = MartletAsClient.initializeParams(revision)
    if let info, info["name"]?.stringValue != nil, info["version"]?.stringValue != nil {
      params["clientInfo"] = .object(info)
    }
    params["capabilities"] = .object(features.legacyCapabilities)
    return params
  }
}
