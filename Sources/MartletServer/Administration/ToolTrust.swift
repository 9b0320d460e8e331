import MartletDomain
import MartletIdentity
import StrictCoding

/// Which definitions of tools are trusted, for commands and the admin API (V-031).
public struct ToolTrust: Sendable {
  private let store: any ToolPinStore
  private let audit: any AuditSink
  private let clock: any WallClock

  /// Works on an installation.
  public init(_ installation: Installation) {
    store = installation.store
    audit = installation.audit
    clock = installation.clock
  }

  /// A tenant's pinned tools.
  public func pins(of tenant: TenantID) async throws(StoreError) -> [ToolPin] {
    try await store.toolPins(tenant: tenant)
  }

  /// Trusts what a tool has changed into; calls of it go on within two seconds. The record stands before the effect.
  ///
  /// - Parameters:
  ///   - tool: Which.
  ///   - server: Whose.
  ///   - tenant: Whose trust it is.
  ///   - asker: Who does it.
  /// - Returns: Whether there was something to trust.
  public func accept(
    _ tool: ByteString, at server: ServerName, for tenant: TenantID, by asker: Asker
  ) async throws(StoreError) -> Bool {
    let (route, now) = (RouteID(server: server), clock.now())
    let pins = try await store.toolPins(tenant: tenant)
    guard pins.contains(where: { $0.route == route && $0.tool == tool && $0.changed != nil }) else { return false }
    try await audit.recordDurably(
      asker.event(.toolAccepted, at: now, tenant: tenant, route: route.path, target: tool.string))
    return try await store.acceptTool(tool, tenant: tenant, route: route, at: now)
  }
}

extension ToolPin {
  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "server": .string(route.server.string), "tool": .string(tool.string),
      "trusted": trusted.map { .string(Hex.encode($0)) } ?? .null,
      "changed": changed.map { .string(Hex.encode($0)) } ?? .null,
    ]
  }
}
