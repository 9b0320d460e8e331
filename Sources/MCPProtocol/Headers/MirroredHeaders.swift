import StrictCoding

/// The header fields that mirror the body of a modern request, as they came.
public struct MirroredHeaders: Sendable, Equatable {
  /// One `Mcp-Param-…` field.
  public struct Parameter: Sendable, Equatable {
    /// What follows `Mcp-Param-`, as spelled by the client.
    public let name: String
    /// The value, still encoded.
    public let value: String

    /// Makes a field.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// How many `Mcp-Param-…` fields a request may have.
  public static let maximumParameters = 64
  /// How many bytes a mirrored value may have.
  public static let maximumValueBytes = 8 * 1024

  /// The values of `MCP-Protocol-Version`.
  public var versions: [String]
  /// The values of `Mcp-Method`.
  public var methods: [String]
  /// The values of `Mcp-Name`, still encoded.
  public var names: [String]
  /// The `Mcp-Param-…` fields.
  public var parameters: [Parameter]
  /// Whether `Mcp-Session-Id` is present.
  public var hasSessionID: Bool

  /// Makes headers of single values.
  public init(
    version: String? = nil, method: String? = nil, name: String? = nil, parameters: [Parameter] = [],
    hasSessionID: Bool = false
  ) {
    versions = version.map { [$0] } ?? []
    methods = method.map { [$0] } ?? []
    names = name.map { [$0] } ?? []
    self.parameters = parameters
    self.hasSessionID = hasSessionID
  }

  /// Picks the mirrored fields from all header fields of a request; names are matched without regard to ASCII case.
  ///
  /// - Parameter fields: Names and values, blanks around values already removed.
  public init(fields: [(name: String, value: String)]) {
    self.init()
    for field in fields {
      // Most fields are none of ours: "m" first.
      guard let first = field.name.utf8.first, ASCIICase.lowercased(first) == UInt8(ascii: "m") else { continue }
      take(field.name, field.value)
    }
  }

  private mutating func take(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 20 where ASCIICase.equal(name, "mcp-protocol-version"): versions.append(value)
    case 10 where ASCIICase.equal(name, "mcp-method"): methods.append(value)
    case 8 where ASCIICase.equal(name, "mcp-name"): names.append(value)
    case 14 where ASCIICase.equal(name, "mcp-session-id"): hasSessionID = true
    default:
      if let suffix = Self.parameterName(of: name) { parameters.append(Parameter(name: suffix, value: value)) }
    }
  }

  /// What follows `Mcp-Param-` in a field name, or nil for another field.
  public static func parameterName(of field: String) -> String? {
    let prefix = "mcp-param-"
    guard field.utf8.count > prefix.utf8.count else { return nil }
    let head = Substring(field.utf8.prefix(prefix.utf8.count))
    return ASCIICase.equal(head, prefix) ? String(Substring(field.utf8.dropFirst(prefix.utf8.count))) : nil
  }
}
