import OAuthProtocol
import StrictCoding

/// Gets tokens from other authorization servers: for codes, for refresh tokens, for ourselves.
///
/// Conforms to: RFC 6749 §4.1.3, §6; RFC 7636 §4.5; RFC 7523 §2.2; RFC 8707 §2.2.
public struct TokenClient: Sendable {
  private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
  private static let assertionSeconds: Int64 = 60

  private let fetcher: any DocumentFetching
  private let clock: MillisecondClock
  private let randomBytes: @Sendable (Int) -> [UInt8]
  private let limits: FetchLimits

  /// - Parameters:
  ///   - fetcher: Guarded for discovered servers, operator-configured for identity providers.
  ///   - clock: The present.
  ///   - randomBytes: Bytes from a cryptographic generator, for assertion identifiers.
  ///   - limits: Bytes and time of one request.
  public init(
    fetcher: any DocumentFetching, clock: @escaping MillisecondClock,
    randomBytes: @escaping @Sendable (Int) -> [UInt8], limits: FetchLimits = .metadata
  ) {
    self.fetcher = fetcher
    self.clock = clock
    self.randomBytes = randomBytes
    self.limits = limits
  }

  /// Exchanges an authorization code.
  ///
  /// - Parameters:
  ///   - code: The code of the authorization response.
  ///   - redirectURI: Exactly the one of the authorization request.
  ///   - verifier: The PKCE verifier of this transaction.
  ///   - resource: RFC 8707 resource indicator, where one was sent.
  ///   - metadata: The server that the transaction began with; the code goes to no other (security-checks V-071).
  ///   - authentication: How we authenticate there.
  /// - Returns: The tokens.
  /// - Throws: `TokenClientError`.
  public func exchange(
    code: String, redirectURI: String, verifier: CodeVerifier, resource: String? = nil,
    at metadata: AuthorizationServerMetadata, as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    var form = [
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
      ("code_verifier", verifier.value.string),
    ]
    if let resource { form.append(("resource", resource)) }
    return try await send(form, to: metadata, as: authentication)
  }

  /// Redeems a refresh token.
  ///
  /// The caller keeps it until the answer is stored: a rotated one is in the answer.
  ///
  /// - Parameters:
  ///   - refreshToken: The token.
  ///   - scope: A narrower scope, or nil for the same.
  ///   - resource: RFC 8707 resource indicator, where one was sent.
  ///   - metadata: The server that issued the token.
  ///   - authentication: How we authenticate there.
  /// - Returns: The tokens, perhaps with a successor of the refresh token.
  /// - Throws: `TokenClientError`; only `.denied` says anything about the token.
  public func refresh(
    _ refreshToken: String, scope: ScopeSet? = nil, resource: String? = nil,
    at metadata: AuthorizationServerMetadata, as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    var form = [("grant_type", "refresh_token"), ("refresh_token", refreshToken)]
    if let scope { form.append(("scope", scope.string)) }
    if let resource { form.append(("resource", resource)) }
    return try await send(form, to: metadata, as: authentication)
  }

  /// Asks for tokens of our own (RFC 6749 §4.4).
  ///
  /// - Parameters:
  ///   - scope: What to ask for; empty for what the server thinks fit.
  ///   - resource: RFC 8707 resource indicator, where one was sent.
  ///   - metadata: The server.
  ///   - authentication: How we authenticate there.
  /// - Returns: The tokens.
  /// - Throws: `TokenClientError`.
  public func clientCredentials(
    scope: ScopeSet, resource: String? = nil, at metadata: AuthorizationServerMetadata,
    as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    var form = [("grant_type", "client_credentials")]
    if !scope.isEmpty { form.append(("scope", scope.string)) }
    if let resource { form.append(("resource", resource)) }
    return try await send(form, to: metadata, as: authentication)
  }

  /// Asks a server to take a token back (RFC 7009 §2.1).
  ///
  /// - Parameters:
  ///   - token: The token.
  ///   - isRefreshToken: Which kind it is.
  ///   - metadata: The server that issued it.
  ///   - authentication: How we authenticate there.
  /// - Returns: Whether it was taken back; `false` too where the server offers no such thing.
  /// - Throws: `TokenClientError`.
  public func revoke(
    _ token: String, isRefreshToken: Bool, at metadata: AuthorizationServerMetadata,
    as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> Bool {
    guard let text = metadata.revocationEndpoint, let url = try? AbsoluteURL(parsing: text) else { return false }
    let proof = try self.proof(authentication, audience: metadata.issuer)
    let hint = isRefreshToken ? "refresh_token" : "access_token"
    let form = FormParameters.encode([("token", token), ("token_type_hint", hint)] + proof.form)
    do {
      return try await fetcher.post(url, form: Array(form.utf8), headers: proof.headers, limits: limits).status == 200
    } catch {
      throw error.isTransient ? .transient(error) : .unusable("revocation endpoint: \(error)")
    }
  }

  /// Exchanges a token for another one, at whoever issued or trusts the first (RFC 8693 §2.1).
  ///
  /// - Parameters:
  ///   - subject: The token that says who the user is, and its kind.
  ///   - requested: What is wanted: an access token, or an assertion about the user.
  ///   - audience: What the new token is for, in the server's words.
  ///   - scope: What to ask for; empty for what the server thinks fit.
  ///   - resource: RFC 8707 resource indicator, where one is sent.
  ///   - metadata: The server.
  ///   - authentication: How we authenticate there.
  /// - Returns: What was issued: nothing but what was requested.
  /// - Throws: `TokenClientError`.
  public func exchange(
    subject: ExchangeableToken, for requested: TokenTypeURI, audience: String?, scope: ScopeSet,
    resource: String? = nil, at metadata: AuthorizationServerMetadata, as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    var form = [
      ("grant_type", GrantType.tokenExchange.rawValue), ("subject_token", ByteString(subject.token).string),
      ("subject_token_type", subject.type.rawValue), ("requested_token_type", requested.rawValue),
    ]
    if let audience { form.append(("audience", audience)) }
    if !scope.isEmpty { form.append(("scope", scope.string)) }
    if let resource { form.append(("resource", resource)) }
    let answer = try await send(form, to: metadata, as: authentication)
    guard requested.accepts(answer) else { throw .unusable("issued_token_type") }
    return answer
  }

  /// Gets a token for somebody about whom a third party says who they are (RFC 7523 §2.1).
  ///
  /// - Parameters:
  ///   - assertion: What the third party says.
  ///   - scope: What to ask for; empty for what the assertion says.
  ///   - resource: RFC 8707 resource indicator, where one is sent.
  ///   - metadata: The server.
  ///   - authentication: How we authenticate there.
  /// - Returns: The tokens.
  /// - Throws: `TokenClientError`.
  public func redeem(
    assertion: String, scope: ScopeSet = ScopeSet(), resource: String? = nil, at metadata: AuthorizationServerMetadata,
    as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    var form = [("grant_type", GrantType.jwtBearer.rawValue), ("assertion", assertion)]
    if !scope.isEmpty { form.append(("scope", scope.string)) }
    if let resource { form.append(("resource", resource)) }
    return try await send(form, to: metadata, as: authentication)
  }

  private func send(
    _ grant: [(String, String)], to metadata: AuthorizationServerMetadata, as authentication: ClientAuthentication
  ) async throws(TokenClientError) -> TokenResponse {
    guard let text = metadata.tokenEndpoint, let url = try? AbsoluteURL(parsing: text) else {
      throw .unusable("token_endpoint")
    }
    let proof = try self.proof(authentication, audience: metadata.issuer)
    let form = Array(FormParameters.encode(grant + proof.form).utf8)
    let document: FetchedDocument
    do {
      document = try await fetcher.post(url, form: form, headers: proof.headers, limits: limits)
    } catch {
      throw error.isTransient ? .transient(error) : .unusable("token endpoint: \(error)")
    }
    return try Self.read(document)
  }

  private func proof(
    _ authentication: ClientAuthentication, audience: String
  ) throws(TokenClientError) -> (form: [(String, String)], headers: [(name: String, value: String)]) {
    switch authentication {
    case .none(let clientID):
      return ([("client_id", clientID)], [])
    case .clientSecretPost(let clientID, let secret):
      guard let secret = String(validating: secret, as: UTF8.self) else { throw .unusable("client secret isn't text") }
      return ([("client_id", clientID), ("client_secret", secret)], [])
    case .clientSecretBasic(let clientID, let secret):
      let pair = PercentCoding.encodeComponent(clientID) + ":" + PercentCoding.encodeComponent(bytes: secret)
      return ([], [(name: "authorization", value: "Basic " + Base64.encode(pair.utf8))])
    case .privateKeyJWT(let clientID, let signer):
      let assertion = try self.assertion(clientID: clientID, audience: audience, signer: signer)
      let form = [
        ("client_id", clientID), ("client_assertion_type", Self.assertionType), ("client_assertion", assertion),
      ]
      return (form, [])
    }
  }

  private func assertion(clientID: String, audience: String, signer: JWTSigner) throws(TokenClientError) -> String {
    let now = clock() / 1000
    let claims: JSONObject = [
      "iss": .string(clientID), "sub": .string(clientID), "aud": .string(audience),
      "jti": .string(Base64URL.encode(randomBytes(16))), "iat": .integer(now),
      "exp": .integer(now + Self.assertionSeconds),
    ]
    guard let assertion = try? signer.sign(claims) else { throw .unusable("assertion") }
    return assertion
  }

  /// Reads errors whatever the status is: some servers refuse with 200 (protocol.md T9).
  private static func read(_ document: FetchedDocument) throws(TokenClientError) -> TokenResponse {
    let status = FetchError.unexpectedStatus(document.status)
    let json: JSONValue
    do {
      json = try JSONReader.parse(document.body, limits: .metadata)
    } catch {
      throw status.isTransient ? .transient(status) : .unusable("status \(document.status), not JSON")
    }
    do {
      let tokens = try TokenResponse(json: json)
      guard document.status == 200 else { throw TokenResponseError.malformed("status \(document.status)") }
      return tokens
    } catch TokenResponseError.refused(let code, let description) {
      let known = OAuthErrorCode(rawValue: code)
      if known == .temporarilyUnavailable || known == .serverError || (known == nil && status.isTransient) {
        throw .transient(status)
      }
      throw .denied(known, code: code, description: description)
    } catch {
      throw status.isTransient ? .transient(status) : .unusable("\(error)")
    }
  }
}
