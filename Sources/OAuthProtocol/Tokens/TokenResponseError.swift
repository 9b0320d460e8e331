/// Why a token endpoint's answer gives no tokens.
public enum TokenResponseError: Error, Sendable, Equatable {
  /// The other server refused: its code as it came, and its description, which is not ours to show as ours.
  case refused(code: String, description: String?)
  /// The named member is missing or unusable.
  case malformed(String)
}
