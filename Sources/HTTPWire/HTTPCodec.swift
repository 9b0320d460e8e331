/// Which code reads and writes HTTP/1.1 (`http_codec`).
public enum HTTPCodec: String, Sendable, CaseIterable {
  /// This target's.
  case martlet
  /// SwiftNIO's, to fall back on.
  case nio
}
