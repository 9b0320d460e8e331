import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Logs users in at an OpenID provider of the configuration: authorization code with PKCE and nonce.
///
/// Conforms to: OpenID Connect Core §3.1; RFC 9207 §2.4; RFC 9700 §2.1.1, §4.4; security-checks N-20, V-070, V-071.
public struct OIDCProvider: IdentityProvider {
  private let settings: ProviderSettings
  private let backend: OIDCBackend

  /// Makes a provider of the configuration; what was learnt about its issuer stays in the backend.
  public init(settings: ProviderSettings, backend: OIDCBackend) {
    self.settings = settings
    self.backend = backend
  }

  /// The configured issuer.
  public var issuer: ByteString { ByteString(settings.issuer) }

  /// The configured lifetime.
  public var sessionLifetime: Duration { settings.sessionLifetime }

  /// The origin of the authorization endpoint; the issuer's own while metadata can't be had.
  public func destination() async -> HTTPOrigin {
    switch backend.destinations.answer(for: issuer) {
    case .known(let origin): return origin
    case .askLater: break
    case .askNow:
      if let endpoint = try? Self.authorizationEndpoint(try await metadata()) { return endpoint.origin }
    }
    return (try? AbsoluteURL(parsing: settings.issuer))?.origin
      ?? HTTPOrigin(scheme: .https, host: .name("invalid"), port: 443)
  }

  /// The authorization request (OpenID Connect Core §3.1.2.1).
  public func authorizationURL(for departure: ProviderDeparture) async throws(ProviderError) -> String {
    let endpoint = try Self.authorizationEndpoint(try await metadata())
    let scopes = settings.scopes.contains("openid") ? settings.scopes : ScopeSet(["openid"]).union(settings.scopes)
    let query = FormParameters.encode([
      ("response_type", "code"), ("client_id", settings.clientID), ("redirect_uri", departure.redirectURI),
      ("scope", scopes.string), ("state", ByteString(departure.state.expose()).string), ("nonce", departure.nonce),
      ("code_challenge", departure.challenge.description), ("code_challenge_method", "S256"),
    ])
    let separator = endpoint.query == nil ? "?" : endpoint.query == "" ? "" : "&"
    return endpoint.string + separator + query
  }

  /// Checks the authorization response, redeems its code and verifies the ID token.
  public func identity(from arrival: ProviderArrival) async throws(ProviderError) -> FederatedIdentity {
    try await login(from: arrival).identity
  }

  /// The same, with the tokens that the code was redeemed for.
  public func login(from arrival: ProviderArrival) async throws(ProviderError) -> ProviderLogin {
    let response = try CallbackParameters(arrival.parameters)
    let metadata = try await metadata()
    // First of all, so that neither a code nor an error of another issuer is taken for this one's (V-071).
    try response.requireIssuer(metadata)
    let code = try response.code()
    let tokens = try await redeem(code, arrival, at: metadata)
    guard let idToken = tokens.idToken else { throw .untrusted(reason: "no_id_token") }
    do {
      let verified = try await backend.idTokens.verify(
        idToken, from: metadata, clientID: settings.clientID, nonce: arrival.nonce,
        algorithms: settings.allowedAlgorithms ?? JWTExpectation.defaultAlgorithms)
      return ProviderLogin(
        identity: try ClaimMapping(settings: settings).identity(verified),
        tokens: ProviderTokens(issuer: settings.issuer, clientID: settings.clientID, response: tokens))
    } catch let error as JWTError {
      if case .unavailable = error { throw .unavailable(reason: "keys") }
      throw .untrusted(reason: "id_token_\(Self.code(of: error))")
    } catch let error as ProviderError {
      throw error
    } catch {
      throw .untrusted(reason: "id_token")
    }
  }

  private func redeem(
    _ code: String, _ arrival: ProviderArrival, at metadata: AuthorizationServerMetadata
  ) async throws(ProviderError) -> TokenResponse {
    do {
      return try await backend.tokens.exchange(
        code: code, redirectURI: arrival.redirectURI, verifier: arrival.verifier, at: metadata,
        as: authentication(at: metadata))
    } catch {
      switch error {
      case .transient: throw .unavailable(reason: "token_endpoint")
      case .denied(_, let code, _): throw .refused(code: PlainText.sanitized(code, limit: 64))
      case .unusable: throw .untrusted(reason: "token_response")
      }
    }
  }

  /// Basic unless the provider lists methods without it (RFC 8414 §2).
  private func authentication(at metadata: AuthorizationServerMetadata) -> ClientAuthentication {
    guard let secret = settings.clientSecret else { return .none(clientID: settings.clientID) }
    let methods = metadata.tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]
    if !methods.contains("client_secret_basic"), methods.contains("client_secret_post") {
      return .clientSecretPost(clientID: settings.clientID, secret: secret.expose())
    }
    return .clientSecretBasic(clientID: settings.clientID, secret: secret.expose())
  }

  private func metadata() async throws(ProviderError) -> AuthorizationServerMetadata {
    let metadata: AuthorizationServerMetadata
    do {
      metadata = try await backend.metadata.metadata(issuer: settings.issuer)
    } catch {
      backend.destinations.note(nil, for: issuer)
      if case .identifierMismatch = error { throw .untrusted(reason: "discovery_issuer") }
      throw .unavailable(reason: "discovery")
    }
    guard ByteString(metadata.issuer) == issuer else { throw .untrusted(reason: "discovery_issuer") }
    backend.destinations.note((try? Self.authorizationEndpoint(metadata))?.origin, for: issuer)
    return metadata
  }

  private static func authorizationEndpoint(
    _ metadata: AuthorizationServerMetadata
  ) throws(ProviderError) -> AbsoluteURL {
    guard let text = metadata.authorizationEndpoint, let url = try? AbsoluteURL(parsing: text), url.fragment == nil
    else { throw .untrusted(reason: "authorization_endpoint") }
    return url
  }

  private static func code(of error: JWTError) -> String {
    switch error {
    case .malformed: "malformed"
    case .algorithm: "algorithm"
    case .type: "type"
    case .unknownKey: "key"
    case .signature: "signature"
    case .issuer: "issuer"
    case .audience: "audience"
    case .authorizedParty: "azp"
    case .expired: "expired"
    case .notYetValid: "not_yet_valid"
    case .claim(let name): name
    case .nonce: "nonce"
    case .unavailable: "keys"
    }
  }
}
