import StrictCoding

/// The name of an MCP method; unknown names are kept as they are and compared bytewise.
public struct MCPMethod: Sendable, Hashable, CustomStringConvertible {
  /// The name on the wire.
  public let name: String
  /// Tells most names apart without a look at their bytes (FNV-1a).
  private let fingerprint: UInt64

  /// Wraps a name, known or not.
  public init(_ name: String) {
    self.name = name
    var print: UInt64 = 0xCBF2_9CE4_8422_2325
    name.withBytes { for byte in $0 { print = (print ^ UInt64(byte)) &* 0x100_0000_01B3 } }
    fingerprint = print
  }

  /// The parameter that a modern client mirrors into `Mcp-Name` (MCP 2026-07-28, Streamable HTTP, Standard Request
  /// Headers).
  public enum MirroredName: String, Sendable {
    /// `params.name` of `tools/call` and `prompts/get`.
    case name
    /// `params.uri` of `resources/read`.
    case uri
    /// `params.taskId` of `tasks/get`, `tasks/update` and `tasks/cancel` (Tasks extension); older clients omit the
    /// header.
    case taskId

    /// Whether a modern request must carry the header.
    public var isRequired: Bool { self != .taskId }
  }

  /// Which parameter stands in `Mcp-Name`, or nil where the header doesn't belong.
  public var mirroredName: MirroredName? {
    switch self {
    case .toolsCall, .promptsGet: .name
    case .resourcesRead: .uri
    case .tasksGet, .tasksUpdate, .tasksCancel: .taskId
    default: nil
    }
  }

  /// Whether the name is that of a request in some revision.
  public var isKnownRequest: Bool {
    Self.knownRequests.contains(self)
  }

  /// Whether the name is that of a notification in some revision.
  public var isKnownNotification: Bool {
    name.startsBytewise(with: "notifications/") && Self.knownNotifications.contains(self)
  }

  /// Whether the name is known at all.
  public var isKnown: Bool {
    isKnownRequest || isKnownNotification
  }

  /// The name for display.
  public var description: String {
    PlainText.sanitized(name, limit: 128)
  }

  /// Compares bytewise.
  public static func == (lhs: MCPMethod, rhs: MCPMethod) -> Bool {
    lhs.fingerprint == rhs.fingerprint && lhs.name.equalsBytewise(rhs.name)
  }

  /// Hashes what ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  /// Lets a `switch` match a method against the constants.
  public static func ~= (pattern: MCPMethod, value: MCPMethod) -> Bool {
    pattern == value
  }
}
