import StrictCoding

/// Which arguments of a tool its definition wants mirrored into `Mcp-Param-…` headers.
///
/// Conforms to: MCP 2026-07-28, Streamable HTTP, Custom Headers from Tool Parameters.
public struct ParameterMirrors: Sendable, Equatable {
  /// One `x-mcp-header` annotation.
  public struct Mirror: Sendable, Equatable {
    /// What follows `Mcp-Param-` in the header's name.
    public let header: String
    /// The property names from the arguments down to the value.
    public let path: [String]
  }

  /// Why a definition is invalid; clients have to leave such a tool out.
  public enum Defect: Error, Sendable, Equatable {
    /// The annotation isn't an HTTP token.
    case invalidName
    /// Two annotations differ in case only, or not at all.
    case repeatedName
    /// The property isn't a string, integer or boolean.
    case invalidType
    /// The annotation isn't reachable through `properties` alone.
    case unreachable
  }

  /// The annotations, in the schema's order.
  public let mirrors: [Mirror]

  /// Reads the annotations of a tool's `inputSchema`.
  ///
  /// - Throws: `Defect` where an annotation breaks a rule.
  public init(inputSchema: JSONValue) throws(Defect) {
    var mirrors: [Mirror] = []
    try Self.collect(inputSchema, path: [], into: &mirrors)
    var seen: Set<ByteString> = []
    for mirror in mirrors where !seen.insert(ByteString(ASCIICase.lowercased(mirror.header))).inserted {
      throw .repeatedName
    }
    self.mirrors = mirrors
  }

  /// The headers that a conforming client sends with these arguments.
  public func headers(for arguments: JSONObject?) -> [MirroredHeaders.Parameter] {
    mirrors.compactMap { mirror in
      value(at: mirror.path, in: arguments).flatMap(Self.text).map {
        MirroredHeaders.Parameter(name: mirror.header, value: HeaderSentinel.encode($0))
      }
    }
  }

  /// Checks that headers and arguments of a modern `tools/call` agree; headers that the definition doesn't know are
  /// ignored.
  ///
  /// - Throws: `-32020` for a header that is missing, unexpected, malformed or different.
  public func validate(_ headers: MirroredHeaders, for request: MCPRequest) throws(MCPMessageError) {
    for mirror in mirrors {
      let found = headers.parameters.filter { ASCIICase.equal($0.name, mirror.header) }
      let argument = value(at: mirror.path, in: request.arguments)
      if found.isEmpty && argument == nil { continue }
      guard found.count == 1, let header = found.first, let argument else {
        throw .mismatch("a Mcp-Param header is missing or has no argument", id: request.id)
      }
      guard let text = HeaderSentinel.decode(header.value), Self.agree(text, argument) else {
        throw .mismatch("a Mcp-Param header and its argument differ", id: request.id)
      }
    }
  }

  /// The value at a path; absent and null are the same.
  private func value(at path: [String], in arguments: JSONObject?) -> JSONValue? {
    var current = arguments.map { JSONValue.object($0) }
    for key in path { current = current?[key] }
    return current?.isNull == true ? nil : current
  }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let truth): truth ? "true" : "false"
    case .number(let number): number.int64.map { String($0) } ?? number.literal
    default: nil
    }
  }

  private static func agree(_ header: String, _ value: JSONValue) -> Bool {
    if case .number(let number) = value, let integer = number.int64 {
      return JSONNumber(literal: header)?.int64 == integer
    }
    return text(value).map { $0.equalsBytewise(header) } ?? false
  }

  private static func collect(_ schema: JSONValue, path: [String], into mirrors: inout [Mirror]) throws(Defect) {
    guard let object = schema.objectValue else { return }
    if let annotation = object["x-mcp-header"] {
      if path.isEmpty { throw .unreachable }
      guard let header = annotation.stringValue, isToken(header) else { throw .invalidName }
      switch object["type"]?.stringValue {
      case "string", "integer", "boolean": mirrors.append(Mirror(header: header, path: path))
      default: throw .invalidType
      }
    }
    for member in object.members {
      if member.key.equalsBytewise("properties"), let properties = member.value.objectValue {
        for property in properties.members {
          try collect(property.value, path: path + [property.key], into: &mirrors)
        }
      } else if !isOpaque(member.key), annotates(member.value) {
        throw .unreachable
      }
    }
  }

  /// Whether a keyword holds instance values rather than schemas.
  private static func isOpaque(_ keyword: String) -> Bool {
    ["default", "const", "enum", "examples", "x-mcp-header"].contains { keyword.equalsBytewise($0) }
  }

  private static func annotates(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let object): object["x-mcp-header"] != nil || object.members.contains { annotates($0.value) }
    case .array(let elements): elements.contains(where: annotates)
    default: false
    }
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
