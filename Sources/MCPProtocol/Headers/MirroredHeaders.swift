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

  /// A field that belongs into a request once: its first value, and how often it came.
  public struct Field: Sendable, Equatable {
    /// The first value; `nil` where the field didn't come.
    public private(set) var value: String?
    /// How often it came.
    public private(set) var count: Int

    /// Takes the first value of a field that came `count` times.
    public init(_ value: String? = nil, count: Int? = nil) {
      self.value = value
      self.count = count ?? (value == nil ? 0 : 1)
    }

    /// The value, where there is one only.
    var only: String? { count == 1 ? value : nil }

    mutating func take(_ another: String) {
      value = value ?? another
      count += 1
    }
  }

  /// How many `Mcp-Param-…` fields a request may have.
  public static let maximumParameters = 64
  /// How many bytes a mirrored value may have.
  public static let maximumValueBytes = 8 * 1024

  /// `MCP-Protocol-Version`.
  public var version: Field
  /// `Mcp-Method`.
  public var method: Field
  /// `Mcp-Name`, still encoded.
  public var name: Field
  /// The `Mcp-Param-…` fields.
  public var parameters: [Parameter]
  /// Whether `Mcp-Session-Id` is present.
  public var hasSessionID: Bool

  /// Makes headers of single values.
  public init(
    version: String? = nil, method: String? = nil, name: String? = nil, parameters: [Parameter] = [],
    hasSessionID: Bool = false
  ) {
    self.init(
      version: Field(version), method: Field(method), name: Field(name), parameters: parameters,
      hasSessionID: hasSessionID)
  }

  /// Takes what was picked from a request's fields already.
  public init(version: Field, method: Field, name: Field, parameters: [Parameter], hasSessionID: Bool) {
    self.version = version
    self.method = method
    self.name = name
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
    case 20 where ASCIICase.equal(name, "mcp-protocol-version"): version.take(value)
    case 10 where ASCIICase.equal(name, "mcp-method"): method.take(value)
    case 8 where ASCIICase.equal(name, "mcp-name"): self.name.take(value)
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
