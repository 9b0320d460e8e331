import MCPProtocol
import StrictCoding

/// Turns the results of a legacy server into results as the modern era wants them.
struct ModernResult: Sendable {
  let server: LegacyServer

  /// Turns a result; `nil` where it is none that MCP allows.
  func modern(_ result: JSONValue, of method: MCPMethod) -> JSONValue? {
    guard var object = result.objectValue else { return nil }
    if method == .toolsList, let tools = object["tools"]?.arrayValue {
      object["tools"] = .array(tools.map(Self.tool))
    }
    object = complete(object)
    return .object(Self.isCacheable(method) ? cacheable(object) : object)
  }

  /// Marks a result as final, whatever the server wrote there, and says whose it is.
  func complete(_ object: JSONObject) -> JSONObject {
    var object = object
    object["resultType"] = "complete"
    var metadata = object["_meta"]?.objectValue ?? JSONObject()
    metadata[MetadataKey.serverInfo] = server.info
    object["_meta"] = metadata.valueUnlessEmpty
    return object
  }

  /// Says that a result is its caller's alone and stale at once: the legacy era told nothing about either.
  func cacheable(_ object: JSONObject) -> JSONObject {
    var object = object
    object["ttlMs"] = 0
    object["cacheScope"] = "private"
    return object
  }

  private static func isCacheable(_ method: MCPMethod) -> Bool {
    switch method {
    case .toolsList, .promptsList, .resourcesList, .resourcesTemplatesList, .resourcesRead: true
    default: false
    }
  }

  /// `execution` tells of the tasks of 2025-11-25, which can't be translated.
  private static func tool(_ tool: JSONValue) -> JSONValue {
    guard var object = tool.objectValue else { return tool }
    object["execution"] = nil
    return .object(object)
  }
}
