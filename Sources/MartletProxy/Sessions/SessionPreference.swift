import MCPProtocol

/// What a client told a legacy server about its session as a whole, and what has to be told again when the session is
/// begun anew.
enum SessionPreference: Sendable, Equatable {
  /// The least log level that it wants.
  case logLevel(String)
  /// It watches a resource, or doesn't any more.
  case watch(String, isWatched: Bool)

  /// Reads a message; `nil` where it is about nothing of the kind, or about more than is remembered.
  init?(_ message: MCPMessage?) {
    guard let request = message?.request else { return nil }
    switch request.method {
    case .loggingSetLevel:
      guard let level = request.parameter("level")?.stringValue, level.utf8.count <= 32 else { return nil }
      self = .logLevel(level)
    case .resourcesSubscribe, .resourcesUnsubscribe:
      guard let uri = request.resourceURI, uri.utf8.count <= GatewayLimits.watchedResource else { return nil }
      self = .watch(uri, isWatched: request.method == .resourcesSubscribe)
    default: return nil
    }
  }
}
