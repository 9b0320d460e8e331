import StrictCoding

/// A definition of a tool that a server showed.
public struct SeenTool: Hashable, Sendable {
  /// The tool.
  public let tool: ByteString
  /// SHA-256 of the definition.
  public let digest: [UInt8]
  /// Whether it may be trusted at first sight.
  public let isPlain: Bool

  /// Describes a definition.
  public init(tool: ByteString, digest: [UInt8], isPlain: Bool) {
    self.tool = tool
    self.digest = digest
    self.isPlain = isPlain
  }
}

/// Keeps which definitions of tools are trusted.
public protocol ToolPinStore: Sendable {
  /// Takes note of definitions: one of a tool that was never seen is trusted where it is plain; one that differs from
  /// the trusted one is remembered as changed.
  ///
  /// - Parameters:
  ///   - tools: What a server showed.
  ///   - tenant: Whose trust it is.
  ///   - route: The server's route.
  ///   - capacity: How many tools a route may have; beyond that none is trusted at first sight.
  ///   - now: The time.
  /// - Returns: Every pin of the route, and the tools whose change was noticed just now.
  func observeTools(_ tools: [SeenTool], tenant: TenantID, route: RouteID, capacity: Int, at now: Timestamp)
    async throws(StoreError) -> (pins: [ToolPin], noticed: [ByteString])

  /// Trusts what a tool has changed into.
  ///
  /// - Returns: Whether there was something to trust.
  func acceptTool(_ tool: ByteString, tenant: TenantID, route: RouteID, at now: Timestamp) async throws(StoreError)
    -> Bool

  /// The pins of a tenant, ordered by route and tool.
  func toolPins(tenant: TenantID) async throws(StoreError) -> [ToolPin]
}
