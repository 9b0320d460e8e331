import OAuthProtocol

/// Why a token request brought no tokens.
public enum TokenClientError: Error, Equatable, Sendable {
  /// The server refused. The known code, if it is one; its own spelling; its description, which isn't ours to show as
  /// ours.
  case denied(OAuthErrorCode?, code: String, description: String?)
  /// The server couldn't be asked or couldn't answer: nothing may be concluded about the grant.
  case transient(FetchError)
  /// The server or its answer can't be used, and asking again won't help.
  case unusable(String)
}
