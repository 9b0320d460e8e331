import StrictCoding

/// What a modern server declares, as far as Martlet itself acts on it for a legacy client.
struct DeclaredFeatures: Sendable, Equatable {
  /// The changes that it tells of.
  let changes: SubscriptionFilter
  /// Whether it sends log messages.
  let hasLogging: Bool

  /// Reads the capabilities in an answer to `server/discover`.
  init?(_ discovered: JSONValue) {
    guard let capabilities = discovered["capabilities"]?.objectValue else { return nil }
    changes = SubscriptionFilter(capabilities)
    hasLogging = capabilities["logging"].map { !$0.isNull } ?? false
  }
}
