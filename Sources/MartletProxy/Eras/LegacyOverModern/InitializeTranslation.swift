import MCPProtocol
import StrictCoding

/// Answer to `server/discover` → answer to `initialize`.
struct InitializeTranslation: Sendable {
  private static let modernOnly = ["resultType", "ttlMs", "cacheScope", "supportedVersions"]

  let client: LegacyClientProfile
  /// What the server is called where it doesn't say.
  let fallbackName: String

  /// Translates. Members that nobody knows go on, those of `_meta` too.
  ///
  /// - Returns: `nil` where it is no answer to `server/discover` of a modern server.
  func legacy(_ discovered: JSONValue) -> JSONValue? {
    guard var result = discovered.objectValue else { return nil }
    let versions = result["supportedVersions"]?.arrayValue?.compactMap { $0.stringValue } ?? []
    guard versions.contains(where: { $0.equalsBytewise(ProtocolRevision.latest.rawValue) }),
      let capabilities = result["capabilities"]?.objectValue
    else { return nil }
    let info = result["_meta"]?[MetadataKey.serverInfo]?.objectValue
    for key in Self.modernOnly { result[key] = nil }
    ResultTranslation.strip(&result)
    result["protocolVersion"] = .string(client.revision.rawValue)
    result["capabilities"] = .object(Self.legacy(capabilities))
    result["serverInfo"] = .object(
      info.flatMap(Self.complete) ?? ["name": .string(fallbackName), "version": "unknown"])
    if result["instructions"]?.stringValue == nil { result["instructions"] = nil }
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
