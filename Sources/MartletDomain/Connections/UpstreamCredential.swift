/// A header field that opens a server: its name in lower case, and the whole value.
public struct UpstreamCredential: Sendable {
  /// The field's name.
  public let header: String
  /// The field's value: text that may stand in a header.
  public let value: Secret

  /// Describes a credential.
  public init(header: String, value: Secret) {
    self.header = header
    self.value = value
  }

  /// An access token, as RFC 6750 §2.1 sends it.
  public init(bearer token: Secret) {
    header = "authorization"
    value = Secret(Array("Bearer ".utf8) + token.expose())
  }
}
