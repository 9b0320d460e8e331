import MartletDomain
import OAuthProtocol
import StrictCoding

/// Where the answer to a validated client goes. Only `RedirectURICheck` makes one, so nothing can be redirected to a
/// client before both client and redirect URI were validated (invariant 9).
struct ReturnAddress: Sendable {
  /// Whose it is.
  let client: ClientID
  /// The redirect URI, with the presented port where it is a loopback address.
  let redirectURI: RedirectURI
  /// Whether the request named it.
  let wasSent: Bool
  /// The client's `state`, returned as it came.
  let state: String?
  /// Our issuer (RFC 9207).
  let issuer: String

  fileprivate init(client: ClientID, redirectURI: RedirectURI, wasSent: Bool, state: String?, issuer: String) {
    self.client = client
    self.redirectURI = redirectURI
    self.wasSent = wasSent
    self.state = state
    self.issuer = issuer
  }

  /// The `Location` of a success; `state` and `iss` are added here, so that no answer lacks them (N-05).
  func location(code: String) -> String {
    AuthorizationResponse.success(code: code, state: state, issuer: issuer).url(redirectingTo: redirectURI)
  }

  /// The `Location` of a refusal.
  func location(error: OAuthError) -> String {
    AuthorizationResponse.failure(error, state: state, issuer: issuer).url(redirectingTo: redirectURI)
  }
}

/// The redirect URI is one of the client's, byte by byte, loopback ports aside (N-01, V-051; RFC 8252 §7.3), and isn't
/// ours (V-022).
struct RedirectURICheck: Sendable {
  let settings: AuthorizationServerSettings

  /// Checks the request's redirect URI; it may be left out where exactly one is registered (RFC 6749 §3.1.2.3).
  func returnAddress(
    of parameters: AuthorizationParameters, for client: RegisteredClient
  ) throws(PageRefusal) -> ReturnAddress {
    if parameters.isRepeated("redirect_uri") {
      throw .malformed("The app named more than one return address.", reason: "redirect_uri_repeated")
    }
    if parameters.isRepeated("state") {
      throw .malformed("The app’s request can’t be read.", reason: "state_repeated")
    }
    return try returnAddress(
      presented: parameters.value("redirect_uri"), state: parameters.value("state"), client: client)
  }

  /// Checks a redirect URI against the client as it is now; used once more before the answer is sent (V-050c).
  func returnAddress(
    presented: String?, state: String?, client: RegisteredClient
  ) throws(PageRefusal) -> ReturnAddress {
    guard let redirectURI = Self.match(presented, client.redirectURIs) else {
      throw .unknownRedirect(reason: presented == nil ? "redirect_uri_missing" : "redirect_uri_not_registered")
    }
    if GatewayOrigin(settings.routes.origin).owns(redirectURI) {
      throw .unknownRedirect(reason: "redirect_uri_is_ours")
    }
    return ReturnAddress(
      client: client.id, redirectURI: redirectURI, wasSent: presented != nil, state: state, issuer: settings.issuer)
  }

  private static func match(_ presented: String?, _ registered: [RedirectURI]) -> RedirectURI? {
    guard let presented else { return registered.count == 1 ? registered.first : nil }
    // An exact match first: two registered loopback URIs may differ in nothing but their port.
    if let exact = registered.first(where: { ByteString($0.string) == ByteString(presented) }) { return exact }
    return registered.lazy.compactMap { $0.accepting(presented) }.first
  }
}
