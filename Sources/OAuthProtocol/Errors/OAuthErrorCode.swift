/// The error codes that an OAuth endpoint puts on the wire.
///
/// Conforms to: RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1; RFC 7009 §2.2.1; RFC 7591 §3.2.2; RFC 8707 §2;
/// OpenID Connect Core §3.1.2.6; RFC 8628 §3.5.
public enum OAuthErrorCode: String, Sendable, Hashable, CaseIterable {
  /// A parameter is missing, repeated or malformed.
  case invalidRequest = "invalid_request"
  /// Client authentication failed, or the client is unknown.
  case invalidClient = "invalid_client"
  /// The code, refresh token or assertion is invalid, expired, revoked or of another client.
  case invalidGrant = "invalid_grant"
  /// The client may not use this grant or response type.
  case unauthorizedClient = "unauthorized_client"
  /// The user of a device code hasn't decided.
  case authorizationPending = "authorization_pending"
  /// The same, and the program has to ask less often.
  case slowDown = "slow_down"
  /// A device code has ended undecided.
  case expiredToken = "expired_token"
  /// The grant type is not offered.
  case unsupportedGrantType = "unsupported_grant_type"
  /// The scope is unknown, malformed or exceeds what was granted.
  case invalidScope = "invalid_scope"
  /// The resource is unknown, malformed or not permitted.
  case invalidTarget = "invalid_target"
  /// The resource owner or the server said no.
  case accessDenied = "access_denied"
  /// The response type is not offered.
  case unsupportedResponseType = "unsupported_response_type"
  /// Something unexpected happened.
  case serverError = "server_error"
  /// The server cannot answer just now.
  case temporarilyUnavailable = "temporarily_unavailable"
  /// A redirect URI in a registration is not acceptable.
  case invalidRedirectURI = "invalid_redirect_uri"
  /// Some other field of a registration is not acceptable.
  case invalidClientMetadata = "invalid_client_metadata"
  /// A software statement is malformed.
  case invalidSoftwareStatement = "invalid_software_statement"
  /// The access token is expired, revoked, malformed or for another resource.
  case invalidToken = "invalid_token"
  /// The request needs more scope than the access token carries.
  case insufficientScope = "insufficient_scope"
  /// `prompt=none`, and the user is not logged in.
  case loginRequired = "login_required"
  /// `prompt=none`, and the user has not consented.
  case consentRequired = "consent_required"
  /// `prompt=none`, and some page would have to be shown.
  case interactionRequired = "interaction_required"
  /// `prompt=none`, and the user would have to choose an account.
  case accountSelectionRequired = "account_selection_required"
  /// This kind of token cannot be revoked here.
  case unsupportedTokenType = "unsupported_token_type"
  /// The `request` parameter is not supported.
  case requestNotSupported = "request_not_supported"
  /// The `request_uri` parameter is not supported, and is never fetched.
  case requestURINotSupported = "request_uri_not_supported"
  /// The `registration` parameter is not supported.
  case registrationNotSupported = "registration_not_supported"
}
