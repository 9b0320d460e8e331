/// Where a client runs.
///
/// Conforms to: OpenID Connect Dynamic Client Registration §2; MCP 2026-07-28 Client Registration.
public enum ApplicationType: String, Sendable, Hashable {
  /// On a server, reached by https.
  case web
  /// On the user's machine.
  case native
}
