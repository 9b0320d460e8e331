import StrictCoding

/// What was taken away.
public struct AccessRevocation: Sendable, Hashable {
  /// Grants with their tokens.
  public var grants = 0
  /// API keys.
  public var keys = 0
  /// Keys and delegations that go on for other servers.
  public var narrowed = 0
  /// Delegations, by the user or to the job.
  public var delegations = 0
  /// Approvals of calls, given or asked for.
  public var approvals = 0
  /// MCP sessions.
  public var sessions = 0
  /// Upstream connections.
  public var connections = 0

  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "grants": .integer(Int64(grants)), "keys": .integer(Int64(keys)), "sessions": .integer(Int64(sessions)),
      "delegations": .integer(Int64(delegations)), "narrowed": .integer(Int64(narrowed)),
      "approvals": .integer(Int64(approvals)),
      "connections": .integer(Int64(connections)),
    ]
  }
}
