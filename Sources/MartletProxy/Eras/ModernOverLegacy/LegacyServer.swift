import MCPProtocol
import StrictCoding

/// What a legacy server said of itself in its answer to `initialize`, in modern terms.
struct LegacyServer: Sendable {
  /// Its name and version, where it told them.
  let info: JSONValue?
  /// Its capabilities as a modern client reads them.
  let capabilities: JSONObject
  /// What else it said: its guidance for models, and members that nobody knows, those of `_meta` too.
  private let others: JSONObject

  /// - Parameters:
  ///   - result: The result of `initialize`.
  ///   - hasSession: Whether the server keeps a session; without one it can't tell of changes.
  init(initialize result: JSONValue?, hasSession: Bool) {
    info = result?["serverInfo"]?.objectValue.map { .object($0) }
    var others = result?.objectValue ?? JSONObject()
    for key in ["protocolVersion", "capabilities", "serverInfo"] { others[key] = nil }
    if others["instructions"]?.stringValue == nil { others["instructions"] = nil }
    self.others = others
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
    var result = others
    result["supportedVersions"] = .array(
      ProtocolRevision.allCases.filter { $0.era == .modern }.map { .string($0.rawValue) })
    result["capabilities"] = .object(capabilities)
    return .object(ModernResult(server: self).cacheable(ModernResult(server: self).complete(result)))
  }
}
