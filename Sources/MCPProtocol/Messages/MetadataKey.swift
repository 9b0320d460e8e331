/// The reserved keys of `_meta` (MCP 2026-07-28, Basic, `_meta`).
public enum MetadataKey {
  /// What the protocol's own keys begin with, but for a few that are older.
  public static let prefix = "io.modelcontextprotocol/"
  /// The version a modern request is written in.
  public static let protocolVersion = "io.modelcontextprotocol/protocolVersion"
  /// What the client can do.
  public static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"
  /// What the client calls itself; never to be relied on.
  public static let clientInfo = "io.modelcontextprotocol/clientInfo"
  /// What the server calls itself; never to be relied on.
  public static let serverInfo = "io.modelcontextprotocol/serverInfo"
  /// The least log level a request wants.
  public static let logLevel = "io.modelcontextprotocol/logLevel"
  /// The subscription that a notification belongs to.
  public static let subscriptionID = "io.modelcontextprotocol/subscriptionId"
  /// Asks for progress notifications.
  public static let progressToken = "progressToken"

  static let all = [
    protocolVersion, clientCapabilities, clientInfo, serverInfo, logLevel, subscriptionID, progressToken,
  ]
}
