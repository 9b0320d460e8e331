import MCPProtocol
import StrictCoding

/// Answer to `server/discover` → answer to `initialize`.
struct InitializeTranslation: Sendable {
  let client: LegacyClientProfile
  /// What the server is called where it doesn't say.
  let fallbackName: String

  /// Translates.
  ///
  /// - Returns: `nil` where it is no answer to `server/discover` of a modern server.
  func legacy(_ discovered: JSONValue) -> JSONValue? {
    let versions = discovered["supportedVersions"]?.arrayValue?.compactMap { $0.stringValue } ?? []
    guard versions.contains(where: { $0.equalsBytewise(ProtocolRevision.latest.rawValue) }),
      let capabilities = discovered["capabilities"]?.objectValue
    else { return nil }
    let info = discovered["_meta"]?[MetadataKey.serverInfo]?.objectValue
    var result: JSONObject = [
      "protocolVersion": .string(client.revision.rawValue),
      "capabilities": .object(Self.legacy(capabilities)),
      "serverInfo": .object(info.flatMap(Self.complete) ?? ["name": .string(fallbackName), "version": "unknown"]),
    ]
    result["instructions"] = discovered["instructions"]
    return .object(result)
  }

  /// Tools, prompts, resources, completions and logging are declared alike in both eras; tasks are not.
  private static func legacy(_ modern: JSONObject) -> JSONObject {
    var capabilities = modern
    capabilities["tasks"] = nil
    capabilities["extensions"] = TaskExtension.others(in: modern)
    return capabilities
  }

  private static func complete(_ info: JSONObject) -> JSONObject? {
    info["name"]?.stringValue == nil || info["version"]?.stringValue == nil ? nil : info
  }
}
