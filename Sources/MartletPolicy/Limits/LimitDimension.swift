/// What a limit counts apart. Every limit counts each tenant apart; nothing is ever counted by address, since many
/// callers share one (V-085).
public enum LimitDimension: String, Sendable, CaseIterable {
  /// Each tenant; what every other dimension implies.
  case tenant
  /// Each user, or each client that acts for itself.
  case user
  /// Each OAuth client.
  case client
  /// Each grant, which a client's tokens share; where there is none, the client that acts for itself.
  case key
  /// Each MCP session; where the client has none, what stands in its place: the grant that it came with.
  case session
  /// Each server.
  case server
  /// Each tool of each server.
  case tool
}
