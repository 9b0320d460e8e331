import StrictCoding

/// A tool as its server defines it.
public struct ToolDefinition: Sendable, Hashable {
  /// What it says of itself.
  public let traits: ToolTraits
  /// A digest of all that a model is told of it.
  public let digest: [UInt8]
  /// Whether it hides no characters from people.
  public let isPlain: Bool

  /// Describes a definition.
  public init(traits: ToolTraits, digest: [UInt8], isPlain: Bool) {
    self.traits = traits
    self.digest = digest
    self.isPlain = isPlain
  }
}

/// The tools that a server has, as it defines them for one caller.
public struct ToolDefinitions: Sendable {
  /// How many tools are looked at.
  public static let most = 5_000

  /// The tools, by name.
  public private(set) var tools: [ByteString: ToolDefinition] = [:]

  /// No tools.
  public init() {}

  /// Adds a tool. Of two of the same name neither is trusted: a client may see either.
  public mutating func add(_ name: ByteString, _ definition: ToolDefinition) {
    guard let known = tools[name] else {
      if tools.count < Self.most { tools[name] = definition }
      return
    }
    if known != definition { tools[name] = ToolDefinition(traits: ToolTraits(), digest: [], isPlain: false) }
  }
}
