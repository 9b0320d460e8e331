import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Verifies `private_key_jwt`: signature, audience, times, and that it wasn't seen before.
///
/// Conforms to: RFC 7523 §3; OpenID Connect Core §9; RFC 9700 §2.5.
struct ClientAssertionVerifier: Sendable {
  /// How far ahead `exp` may lie. Five minutes are enough for anyone; an hour is what some libraries take.
  static let maximumLifetime: Duration = .seconds(3600)
  /// What a client may sign with.
  static let algorithms: Set<JWSAlgorithm> = [.es256, .rs256]
  /// How far apart the clocks may be.
  static let leeway: Duration = .seconds(60)

  let settings: @Sendable () -> AuthorizationServerSettings
  let keys: any ClientKeys
  let store: any AuthorizationStore

  /// - Throws: `invalid_client`, or `temporarily_unavailable` when keys or store can't be reached.
  func verify(_ assertion: String, of client: RegisteredClient, at now: Timestamp) async throws(OAuthError) {
    let token: JSONWebSignature
    do {
      token = try JSONWebSignature(compact: assertion)
    } catch {
      throw ClientAuthenticator.failure("assertion: \(error)")
    }
    let expectation = try expectation(for: token.claims, of: client)
    let keys = JSONWebKeySet(try await candidates(for: token, of: client))
    let claims: JWTClaims
    do {
      claims = try JWTVerifier.verify(assertion, with: keys, expecting: expectation, now: now.milliseconds)
    } catch {
      throw ClientAuthenticator.failure("assertion: \(error)")
    }
    try await remember(claims, of: client, at: now)
  }

  private func expectation(for claims: JWTClaims, of client: RegisteredClient) throws(OAuthError) -> JWTExpectation {
    guard claims.subject.map({ ClientID($0) }) == client.id else {
      throw ClientAuthenticator.failure("assertion: sub must be the client_id")
    }
    let issuer = settings().issuer
    let audience = claims.isMeant(for: issuer) ? issuer : issuer + "/token"
    var expectation = JWTExpectation(issuer: client.id.string, audience: audience, algorithms: Self.algorithms)
    expectation.leewaySeconds = Self.leeway.wholeSeconds
    return expectation
  }

  /// Only what a registered key signed is remembered, so that strangers can't fill the table.
  private func remember(_ claims: JWTClaims, of client: RegisteredClient, at now: Timestamp) async throws(OAuthError) {
    guard let expiry = (try? claims.date("exp")).flatMap({ $0 }).map({ Timestamp(seconds: $0) }),
      expiry <= now + Self.maximumLifetime + Self.leeway
    else { throw ClientAuthenticator.failure("assertion: exp is missing or too far ahead") }
    guard let id = claims.tokenID, !id.isEmpty, id.utf8.count <= 512 else {
      throw ClientAuthenticator.failure("assertion: jti is missing")
    }
    let isNew: Bool
    do {
      isNew = try await store.rememberAssertion(of: client.id, id: Array(id.utf8), until: expiry + Self.leeway)
    } catch {
      throw OAuthError.unavailable(error)
    }
    guard isNew else { throw ClientAuthenticator.failure("assertion: replayed") }
  }

  private func candidates(for token: JSONWebSignature, of client: RegisteredClient) async throws(OAuthError)
    -> [JSONWebKey]
  {
    if let document = client.keySet {
      guard let set = try? JSONWebKeySet(parsing: document) else {
        throw ClientAuthenticator.failure("assertion: the registered keys are not readable")
      }
      return set.candidates(for: token)
    }
    guard let uri = client.keySetURI, let url = try? AbsoluteURL(parsing: uri) else {
      throw ClientAuthenticator.failure("assertion: no keys are registered")
    }
    do {
      return try await keys.keys(at: url, kid: token.keyID.map { ByteString($0) }).filter { $0.allows(token.algorithm) }
    } catch {
      switch error {
      case .unknownKey: throw ClientAuthenticator.failure("assertion: unknown key")
      case .unavailable(let reason): throw OAuthError.unavailable("client keys: \(reason)")
      }
    }
  }
}
