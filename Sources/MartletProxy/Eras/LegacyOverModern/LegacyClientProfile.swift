import MCPProtocol
import MartletDomain
import StrictCoding

/// What a legacy client said of itself when it initialized, in the words of the modern era.
struct LegacyClientProfile: Sendable {
  /// What it speaks.
  let revision: ProtocolRevision
  /// What it can do, as a modern request declares it.
  let capabilities: JSONObject
  /// What it calls itself.
  let info: JSONObject?

  /// Reads `initialize`. A revision that isn't known, or isn't legacy, becomes the latest legacy one.
  init(_ initialize: MCPRequest) {
    let requested = initialize.parameter("protocolVersion")?.stringValue.flatMap { ProtocolRevision($0) }
    revision = requested.flatMap { $0.era == .legacy ? $0 : nil } ?? .latestLegacy
    capabilities = Self.modern(initialize.parameter("capabilities")?.objectValue ?? JSONObject())
    info = initialize.parameter("clientInfo")?.objectValue.flatMap(Self.implementation)
  }

  /// Reads what a session began with.
  init(_ session: MCPSession) {
    if case .request(let initialize)? = try? MCPMessage.parse(session.initializeRequest) {
      self.init(initialize)
    } else {
      self.init(revision: session.revision)
    }
  }

  /// A client of which nothing but this is known: without a session it has said nothing.
  init(revision: ProtocolRevision) {
    self.revision = revision
    capabilities = JSONObject()
    info = nil
  }

  /// Tasks are another protocol in each era, and nobody is told of changed roots in the modern one.
  private static func modern(_ legacy: JSONObject) -> JSONObject {
    var capabilities = legacy
    capabilities["tasks"] = nil
    if var roots = capabilities["roots"]?.objectValue {
      roots["listChanged"] = nil
      capabilities["roots"] = .object(roots)
    }
    capabilities["extensions"] = TaskExtension.others(in: legacy)
    return capabilities
  }

  /// A modern server may refuse an `Implementation` without name or version.
  private static func implementation(_ info: JSONObject) -> JSONObject? {
    info["name"]?.stringValue == nil || info["version"]?.stringValue == nil ? nil : info
  }
}
