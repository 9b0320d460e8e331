/// Why a redirect URI cannot be registered. The raw value is a stable code for audit.
public enum RedirectURIError: String, Error, Sendable, Hashable, CaseIterable {
  /// Empty, or longer than 2,048 bytes.
  case length
  /// A control character, a space, a backslash, a non-ASCII byte or one that RFC 3986 does not allow there.
  case character
  /// A `#`.
  case fragment
  /// A `*` anywhere.
  case wildcard
  /// No scheme, an upper-case letter in it, or one that no policy may allow (`javascript:`, `data:` …).
  case scheme
  /// A private-use scheme that the policy does not list.
  case schemeNotAllowed = "scheme_not_allowed"
  /// Plain `http` to something else than `127.0.0.1`, `[::1]` or `localhost`.
  case insecure
  /// `localhost`, and the policy wants addresses only.
  case localhostNotAllowed = "localhost_not_allowed"
  /// A `user@` part.
  case userInfo = "user_info"
  /// A `%` in the authority.
  case percentInAuthority = "percent_in_authority"
  /// No host, or neither a plain name nor a canonical address.
  case host
  /// A port that is empty, zero, beyond 65535 or has a leading zero.
  case port
  /// A malformed escape, or one that hides a separator, a control character or a non-ASCII byte.
  case percentEncoding = "percent_encoding"
  /// A `.` or `..` segment, plain or encoded.
  case dotSegment = "dot_segment"
  /// A `;` or an empty segment in the path, or a path that does not begin with `/`.
  case path
  /// A query parameter that the authorization response itself sets, such as `code` or `state`.
  case reservedParameter = "reserved_parameter"

  /// The refusal for a registration; the sentence names the rule and not the URI.
  public var oauthError: OAuthError {
    OAuthError(.invalidRedirectURI, "a redirect URI is not acceptable: \(hint)", reason: "redirect_uri: \(rawValue)")
  }

  private var hint: String {
    switch self {
    case .length: "it must have 1 to 2048 characters"
    case .character: "it must be printable ASCII without backslash"
    case .fragment: "it must not have a fragment"
    case .wildcard: "wildcards are not supported"
    case .scheme: "it must be https, http on a loopback address, or an allowed private-use scheme"
    case .schemeNotAllowed: "its private-use scheme is not on the allow-list"
    case .insecure: "http is for 127.0.0.1, [::1] and localhost only"
    case .localhostNotAllowed: "use 127.0.0.1 or [::1] in place of localhost"
    case .userInfo: "it must not have a user part"
    case .percentInAuthority: "its host must not be percent-encoded"
    case .host: "its host must be a name or a canonical address"
    case .port: "its port must be 1 to 65535"
    case .percentEncoding: "its percent-encoding is not acceptable"
    case .dotSegment: "it must not have dot segments"
    case .path: "its path must not have a semicolon or empty segments"
    case .reservedParameter: "its query must not have response parameters such as code or state"
    }
  }
}
