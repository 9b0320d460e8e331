import MCPProtocol
import StrictCoding

/// What a legacy server said of itself in its answer to `initialize`, in modern terms.
struct LegacyServer: Sendable {
  /// Its name and version, where it told them.
  let info: JSONValue?
  /// Its capabilities as a modern client reads them.
  let capabilities: JSONObject
  /// Its guidance for models.
  let instructions: JSONValue?

  /// - Parameters:
  ///   - result: The result of `initialize`.
  ///   - hasSession: Whether the server keeps a session; without one it can't tell of changes.
  init(initialize result: JSONValue?, hasSession: Bool) {
    info = result?["serverInfo"]?.objectValue.map { .object($0) }
    instructions = result?["instructions"]?.stringValue.map { .string($0) }
    let told = result?["capabilities"]?.objectValue ?? JSONObject()
    var capabilities = JSONObject()
    for (key, flags) in [
      ("tools", ["listChanged"]), ("prompts", ["listChanged"]), ("resources", ["listChanged", "subscribe"]),
    ] {
      guard let capability = told[key]?.objectValue else { continue }
      let kept = flags.filter { hasSession && capability[$0]?.boolValue == true }
      capabilities[key] = .object(JSONObject(kept.map { ($0, true) }))
    }
    for key in ["logging", "completions", "experimental"] {
      capabilities[key] = told[key]?.objectValue.map { .object($0) }
    }
    capabilities["extensions"] = TaskExtension.others(in: told)
    self.capabilities = capabilities
  }

  /// Whether a session's log level can be set.
  var logs: Bool { capabilities["logging"] != nil }

  /// Whether a capability has a flag set.
  func has(_ capability: String, _ flag: String) -> Bool { capabilities[capability]?[flag]?.boolValue == true }

  /// The result of `server/discover`.
  var discovery: JSONValue {
    var result: JSONObject = [
      "supportedVersions": .array(
        ProtocolRevision.allCases.filter { $0.era == .modern }.map { .string($0.rawValue) }),
      "capabilities": .object(capabilities),
    ]
    result["instructions"] = instructions
    return .object(ModernResult(server: self).cacheable(ModernResult(server: self).complete(result)))
  }
}
