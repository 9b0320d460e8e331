import MCPProtocol
import StrictCoding

/// What a modern client declared in the `_meta` of a request, as far as a legacy server can make use of it.
struct ClientFeatures: Sendable, Equatable {
  /// Something that a server may ask a client for.
  enum Feature: Sendable, Hashable {
    case formElicitation
    case urlElicitation
    case sampling
    case samplingWithTools
    case roots

    /// The capability that a client would have had to declare.
    var capability: JSONObject {
      switch self {
      case .formElicitation: ["elicitation": ["form": [:]]]
      case .urlElicitation: ["elicitation": ["url": [:]]]
      case .sampling: ["sampling": [:]]
      case .samplingWithTools: ["sampling": ["tools": [:]]]
      case .roots: ["roots": [:]]
      }
    }
  }

  /// What may be asked for.
  let declared: Set<Feature>
  /// The capabilities in the terms of a legacy `initialize`; what that era doesn't know is left out.
  let legacyCapabilities: JSONObject

  /// - Parameter capabilities: The `clientCapabilities` of a request.
  init(_ capabilities: JSONObject) {
    var declared: Set<Feature> = []
    var legacy = JSONObject()
    if let elicitation = capabilities["elicitation"]?.objectValue {
      let hasURL = elicitation["url"]?.objectValue != nil
      // An empty object means forms (Elicitation, Capabilities).
      let hasForm = elicitation["form"]?.objectValue != nil || !hasURL
      if hasForm { declared.insert(.formElicitation) }
      if hasURL { declared.insert(.urlElicitation) }
      legacy["elicitation"] = .object(Self.keeping(["form", "url"], of: elicitation))
    }
    if let sampling = capabilities["sampling"]?.objectValue {
      declared.insert(.sampling)
      if sampling["tools"]?.objectValue != nil { declared.insert(.samplingWithTools) }
      legacy["sampling"] = .object(Self.keeping(["context", "tools"], of: sampling))
    }
    if capabilities["roots"]?.objectValue != nil {
      declared.insert(.roots)
      // A modern client never tells that its roots changed.
      legacy["roots"] = [:]
    }
    if let experimental = capabilities["experimental"]?.objectValue { legacy["experimental"] = .object(experimental) }
    legacy["extensions"] = TaskExtension.others(in: capabilities)
    self.declared = declared
    legacyCapabilities = legacy
  }

  private static func keeping(_ keys: [String], of object: JSONObject) -> JSONObject {
    JSONObject(keys.compactMap { key in object[key]?.objectValue.map { (key, .object($0)) } })
  }

  /// The capabilities that all these features need, merged.
  static func capabilities(for features: [Feature]) -> JSONObject {
    var merged = JSONObject()
    for feature in features {
      for (key, value) in feature.capability.members {
        let known = merged[key]?.objectValue?.members ?? []
        merged[key] = .object(JSONObject(known + (value.objectValue?.members ?? [])))
      }
    }
    return merged
  }
}
