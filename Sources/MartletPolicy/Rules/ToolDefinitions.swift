import StrictCoding

/// The tools that a server has, as it defines them for one caller.
public struct ToolDefinitions: Sendable {
  /// What each says of itself.
  public private(set) var traits: [ByteString: ToolTraits] = [:]

  /// No tools.
  public init() {}

  /// Adds a page of definitions. Of two of the same name, each has to be as harmless as the other: a client may see
  /// either.
  public mutating func add(_ page: [JSONValue]) {
    for definition in page {
      guard let name = definition["name"]?.stringValue.map({ ByteString($0) }) else { continue }
      let found = ToolTraits(definition: definition)
      traits[name] = traits[name].map { $0 == found ? found : ToolTraits() } ?? found
    }
  }
}
