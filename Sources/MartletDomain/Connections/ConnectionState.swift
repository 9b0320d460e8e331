/// How a connection stands, as people see it.
public enum ConnectionState: String, Sendable, CaseIterable {
  /// Its credential is good as far as anybody knows.
  case active
  /// A process has said that it is about to redeem the refresh token, and hasn't said what came of it.
  case refreshing
  /// Only its owner can mend it, by connecting again.
  case reauthRequired = "reauth_required"
  /// It was taken away; the credential is gone.
  case revoked
  /// The last refresh failed for a reason that may pass; it is tried again.
  case error
}

/// Why a connection isn't simply active.
public enum ConnectionReason: String, Sendable, CaseIterable {
  /// The authorization server refused the refresh token.
  case refused
  /// The authorization server refused the refresh token after an exchange whose outcome nobody got to know.
  case interrupted
  /// The access token has ended, and there is no refresh token.
  case notRefreshable = "not_refreshable"
  /// The server asked for more than was granted.
  case scopeMissing = "scope_missing"
  /// The server refuses a key, or an access token that its authorization server has just issued.
  case rejected
  /// The authorization server can't be reached or can't answer at present.
  case issuerUnavailable = "issuer_unavailable"
  /// The authorization server answered something that can't be used.
  case issuerAnswer = "issuer_answer"
  /// The authorization server doesn't accept Martlet's registration.
  case clientRefused = "client_refused"
  /// The stored credential can't be opened.
  case unreadable
  /// Its owner disconnected it.
  case disconnected
  /// An administrator took it away.
  case withdrawn
}
