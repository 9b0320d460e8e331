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

  func include(server: ServerName) -> Bool { servers?.contains { $0.matches(server.value) } ?? true }

  /// Whether something at one of the servers is meant.
  ///
  /// - Parameter name: The object's name, where it is enough that a server may take it for one that is meant.
  func include(_ object: PolicyObject, inDoubt name: ComparedName?) -> Bool {
    if areWholeServers { return true }
    switch object {
    case .tool(let exact, let traits):
      guard tools != nil || annotations != nil else { return false }
      return Self.any(tools, exact, name) ?? true && annotations?.isMet(by: traits) ?? true
    case .prompt(let exact): return Self.any(prompts, exact, name) ?? false
    case .resource(let exact): return Self.any(resources, exact, name) ?? false
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

  private static func any(_ patterns: [NamePattern]?, _ exact: ByteString, _ name: ComparedName?) -> Bool? {
    patterns?.contains { pattern in name.map { pattern.mayMean($0) } ?? pattern.matches(exact) }
  }
}
