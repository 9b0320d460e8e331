import MCPProtocol
import MartletPolicy
import StrictCoding

extension ToolDefinition {
  /// What a model is told of a tool, and a client goes by.
  private static let members = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"]

  /// SHA-256 of that, in whatever order it stands (V-031).
  static func digest(_ definition: JSONValue) -> [UInt8] { told(definition).canonicalDigest }

  private static func told(_ definition: JSONValue) -> JSONValue {
    var told = JSONObject()
    for member in members { told[member] = definition[member] }
    return .object(told)
  }

  fileprivate init(_ definition: JSONValue) {
    let told = Self.told(definition)
    self.init(
      traits: ToolTraits(definition: definition), digest: told.canonicalDigest,
      isPlain: !PlainText.hidesCharacters(JSONWriter.string(told)))
  }
}

extension ToolDefinitions {
  mutating func add(_ definition: JSONValue) {
    if let name = definition["name"]?.stringValue { add(ByteString(name), ToolDefinition(definition)) }
  }
}
