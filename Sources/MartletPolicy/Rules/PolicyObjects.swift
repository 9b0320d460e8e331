import MartletDomain
import StrictCoding

/// What a rule is about. Without tools, prompts, resources or annotations it is about a server as a whole.
public struct PolicyObjects: Sendable {
  /// The servers; `nil` for every one.
  public var servers: [NamePattern]?
  /// Tools of these names.
  public var tools: [NamePattern]?
  /// Prompts of these names.
  public var prompts: [NamePattern]?
  /// Resources of these URIs.
  public var resources: [NamePattern]?
  /// Tools that say this of themselves.
  public var annotations: AnnotationDemand?

  /// Describes objects.
  public init(
    servers: [NamePattern]? = nil, tools: [NamePattern]? = nil, prompts: [NamePattern]? = nil,
    resources: [NamePattern]? = nil, annotations: AnnotationDemand? = nil
  ) {
    self.servers = servers
    self.tools = tools
    self.prompts = prompts
    self.resources = resources
    self.annotations = annotations
  }

  /// Whether a server is meant as a whole.
  var areWholeServers: Bool { tools == nil && prompts == nil && resources == nil && annotations == nil }

  func include(server: ServerName) -> Bool { Self.any(servers, server.value, ignoringCase: false) ?? true }

  /// Whether something at one of the servers is meant.
  func include(_ object: PolicyObject, ignoringCase: Bool) -> Bool {
    if areWholeServers { return true }
    switch object {
    case .tool(let name, let traits):
      guard tools != nil || annotations != nil else { return false }
      return Self.any(tools, name, ignoringCase: ignoringCase) ?? true && annotations?.isMet(by: traits) ?? true
    case .prompt(let name): return Self.any(prompts, name, ignoringCase: ignoringCase) ?? false
    case .resource(let uri): return Self.any(resources, uri, ignoringCase: ignoringCase) ?? false
    case .connection, .other: return false
    }
  }

  /// The names that are meant, kind by kind; empty for a server as a whole.
  var words: String {
    let named = [("tools", tools), ("prompts", prompts), ("resources", resources)].compactMap { kind, patterns in
      patterns.map { "\(kind) \($0.map(\.description).joined(separator: " "))" }
    }
    let said =
      annotations == nil
      ? [] : [tools == nil ? "tools by what they say of themselves" : "by what they say of themselves"]
    return (named + said).joined(separator: ", ")
  }

  private static func any(_ patterns: [NamePattern]?, _ name: ByteString, ignoringCase: Bool) -> Bool? {
    patterns.map { $0.contains { $0.matches(name, ignoringCase: ignoringCase) } }
  }
}
