import MCPProtocol
import StrictCoding

/// Modern result → legacy result: what only modern knows goes, and what legacy clients can't read.
struct ResultTranslation: Sendable {
  private static let modernOnly = ["resultType", "ttlMs", "cacheScope"]

  /// What the client speaks.
  let revision: ProtocolRevision

  /// Translates a complete result.
  func legacy(_ result: JSONValue, of method: MCPMethod) -> JSONValue {
    guard var object = result.objectValue else { return result }
    for key in Self.modernOnly { object[key] = nil }
    Self.strip(&object)
    switch method {
    case .toolsList: object["tools"] = object["tools"].map(Self.tools)
    case .toolsCall:
      Self.fitStructuredContent(&object)
      fitContent(&object)
    case .promptsGet: object["messages"] = object["messages"].map(messages)
    default: break
    }
    return .object(object)
  }

  private var content: ContentTranslation { ContentTranslation(revision: revision) }

  private func fitContent(_ object: inout JSONObject) {
    guard content.isNeeded, let blocks = object["content"]?.arrayValue else { return }
    object["content"] = .array(blocks.map(content.legacy))
  }

  private func messages(_ value: JSONValue) -> JSONValue {
    guard content.isNeeded, let messages = value.arrayValue else { return value }
    return .array(
      messages.map { message in
        guard var object = message.objectValue, let block = object["content"] else { return message }
        object["content"] = content.legacy(block)
        return .object(object)
      })
  }

  /// Removes the protocol's own keys from `_meta`, and `_meta` where nothing else is in it.
  static func strip(_ object: inout JSONObject) {
    guard var metadata = object["_meta"]?.objectValue else { return }
    metadata[MetadataKey.serverInfo] = nil
    metadata[MetadataKey.subscriptionID] = nil
    object["_meta"] = metadata.isEmpty ? nil : .object(metadata)
  }

  /// Tools whose annotations break the rules are left out, as a modern client has to; a schema that doesn't describe
  /// an object can't stand in a legacy definition.
  private static func tools(_ value: JSONValue) -> JSONValue {
    guard let tools = value.arrayValue else { return value }
    return .array(
      tools.compactMap { tool in
        guard var object = tool.objectValue else { return tool }
        if let schema = object["inputSchema"], (try? ParameterMirrors(inputSchema: schema)) == nil { return nil }
        if let schema = object["outputSchema"], schema["type"]?.stringValue?.equalsBytewise("object") != true {
          object["outputSchema"] = nil
        }
        return .object(object)
      })
  }

  /// Legacy clients read objects only; anything else must at least stand in the text.
  private static func fitStructuredContent(_ object: inout JSONObject) {
    guard let structured = object["structuredContent"], structured.objectValue == nil else { return }
    object["structuredContent"] = nil
    if object["content"]?.arrayValue?.isEmpty ?? true {
      let text = String(decoding: JSONWriter.write(structured), as: UTF8.self)
      object["content"] = [["type": "text", "text": .string(text)]]
    }
  }
}
