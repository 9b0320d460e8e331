import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Finds out whether an authorization server still knows a client that was registered a while ago.
///
/// A server that forgot one tells nobody but the user, on a page of its own that leads nowhere (RFC 6749 §4.1.2.1), so
/// nobody would ever come back to say that it is time to register again. Asked without a user, it answers a client that
/// it knows with a redirect or a page, and any other with an error.
struct RegistrationProbe: Sendable {
  private static let limits = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 5)
  /// RFC 7636's example: nobody redeems what this could lead to.
  private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

  let fetcher: any DocumentFetching

  /// Whether the server says so; where it says anything else, or nothing, the client is taken for known.
  func isForgotten(_ own: UpstreamRegistration, at metadata: AuthorizationServerMetadata) async -> Bool {
    guard let text = metadata.authorizationEndpoint, let endpoint = try? AbsoluteURL(parsing: text) else {
      return false
    }
    var parameters = [
      ("response_type", "code"), ("client_id", own.clientID), ("redirect_uri", own.redirectURI),
      ("state", "is-this-client-known"), ("code_challenge", Self.challenge), ("code_challenge_method", "S256"),
      ("prompt", "none"),
    ]
    if !own.scope.isEmpty { parameters.append(("scope", own.scope.string)) }
    let separator = endpoint.query == nil ? "?" : "&"
    guard let url = try? AbsoluteURL(parsing: endpoint.string + separator + FormParameters.encode(parameters)),
      let answer = try? await fetcher.get(url, accept: "text/html, application/json", limits: Self.limits)
    else { return false }
    return answer.status == 400 || answer.status == 401
  }
}
