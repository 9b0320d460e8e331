import StrictCoding

/// A tool as it was when it was trusted: its definition's digest, and what the server says now where that differs.
public struct ToolPin: Hashable, Sendable {
  /// Whose trust it is.
  public var tenant: TenantID
  /// The server's route.
  public var route: RouteID
  /// The tool.
  public var tool: ByteString
  /// SHA-256 of the trusted definition; `nil` where it never was trusted.
  public var trusted: [UInt8]?
  /// SHA-256 of another definition that was seen since; `nil` for none.
  public var changed: [UInt8]?
  /// When the tool was first seen.
  public var firstSeenAt: Timestamp
  /// When the other definition was first seen, or somebody last trusted one.
  public var changedAt: Timestamp?

  /// Describes a pin.
  public init(
    tenant: TenantID, route: RouteID, tool: ByteString, trusted: [UInt8]?, changed: [UInt8]? = nil,
    firstSeenAt: Timestamp, changedAt: Timestamp? = nil
  ) {
    self.tenant = tenant
    self.route = route
    self.tool = tool
    self.trusted = trusted
    self.changed = changed
    self.firstSeenAt = firstSeenAt
    self.changedAt = changedAt
  }
}

extension ToolPin {
  /// What becomes of a pin when a definition is seen.
  ///
  /// - Parameters:
  ///   - seen: The definition.
  ///   - known: The pin so far; `nil` for a tool that was never seen.
  ///   - isFull: Whether there is no room for another tool.
  ///   - now: The time.
  /// - Returns: The pin to keep, `nil` for none, and whether a change was noticed just now.
  public static func observing(
    _ seen: SeenTool, _ known: ToolPin?, tenant: TenantID, route: RouteID, isFull: Bool, at now: Timestamp
  ) -> (pin: ToolPin?, isNoticed: Bool) {
    guard var pin = known else {
      if isFull { return (nil, false) }
      let fresh = ToolPin(
        tenant: tenant, route: route, tool: seen.tool, trusted: seen.isPlain ? seen.digest : nil,
        changed: seen.isPlain ? nil : seen.digest, firstSeenAt: now, changedAt: seen.isPlain ? nil : now)
      return (fresh, !seen.isPlain)
    }
    if seen.digest == pin.trusted {
      (pin.changed, pin.changedAt) = (nil, nil)
      return (pin, false)
    }
    if seen.digest == pin.changed { return (pin, false) }
    (pin.changed, pin.changedAt) = (seen.digest, now)
    return (pin, true)
  }
}
