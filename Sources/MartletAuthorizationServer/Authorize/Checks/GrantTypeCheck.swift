import MartletDomain
import OAuthProtocol

/// The client may use the authorization code grant (RFC 6749 §4.1.2.1, `unauthorized_client`).
struct GrantTypeCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    try Self.check(request.client)
  }

  /// The same rule for the step before a code is issued (V-060).
  static func check(_ client: RegisteredClient) throws(OAuthError) {
    guard client.grantTypes.contains(.authorizationCode) else {
      throw OAuthError(.unauthorizedClient, "this client may not use the authorization code grant")
    }
  }
}
