/// What became of tokens that were given back to whoever issued them (RFC 7009).
public enum TokenReturn: String, Sendable {
  /// They are good nowhere any more.
  case done
  /// Their authorization server takes none back.
  case notOffered = "not_offered"
  /// It couldn't be asked, or didn't agree: they stay good there until they end.
  case failed
}
