import MartletDomain

/// What a call to a server behind Martlet is given.
public enum CredentialAnswer: Sendable {
  /// The credential.
  case ready(UpstreamAccess)
  /// The account has to be connected, or connected again, by its owner; the reason, where it once was.
  case connectionRequired(ConnectionReason?)
  /// Not now; nothing is lost. When to try again, where that is known.
  case unavailable(retryAt: Timestamp?)
}

/// An access token, or a key, that may be sent to the server that it was issued for.
public struct UpstreamAccess: Sendable {
  /// The token.
  public let token: Secret
  /// The version of the credential, to name it by when it is refused.
  public let version: Int

  /// Whether it is a key that its owner entered, and no access token.
  public let isEntered: Bool

  /// Whether the server refused it before.
  public let isDoubted: Bool

  /// Describes an access.
  public init(token: Secret, version: Int, isEntered: Bool = false, isDoubted: Bool = false) {
    self.token = token
    self.version = version
    self.isEntered = isEntered
    self.isDoubted = isDoubted
  }
}
