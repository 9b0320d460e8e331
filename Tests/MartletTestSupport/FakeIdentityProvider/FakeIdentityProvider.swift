import Crypto
import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// An OpenID provider without a network. It is strict about what it is sent, and misbehaves where a test says so.
public final class FakeIdentityProvider: Sendable {
  /// How it behaves.
  public struct Behaviour: Sendable {
    /// Nothing answers.
    public var isDown = false
    /// The key set can't be read.
    public var servesJunkKeys = false
    /// Members of the metadata to set, or to leave out where `nil`.
    public var metadata: [String: JSONValue?] = [:]
    /// Claims of the ID token to set, or to leave out where `nil`.
    public var claims: [String: JSONValue?] = [:]
    /// Turns the finished ID token into another.
    public var rewritesIDToken: (@Sendable (String) -> String)?
    /// An OAuth error that the token endpoint answers with.
    public var tokenError: String?
    /// Signs with a key that isn't published.
    public var signsWithUnpublishedKey = false
  }

  /// A request that the token endpoint took.
  public struct TokenRequest: Sendable {
    /// The form.
    public let form: FormParameters
    /// The `Authorization` header.
    public let authorization: String?
  }

  private struct Issued {
    let redirectURI: String
    let nonce: String
    let challenge: String
    let subject: String
  }

  private struct State {
    var behaviour = Behaviour()
    var codes: [String: Issued] = [:]
    var requests: [TokenRequest] = []
    var fetches: [String] = []
    var count = 0
  }

  /// The issuer, which is its origin.
  public let origin: String
  private let clock: any WallClock
  private let signer: JWTSigner
  private let unpublished: JWTSigner
  private let state = Mutex(State())

  /// Makes a provider.
  ///
  /// - Parameters:
  ///   - origin: Its issuer, for example `https://id.example`.
  ///   - clock: The time for `iat` and `exp`.
  public init(origin: String, clock: any WallClock) {
    self.origin = origin
    self.clock = clock
    signer = JWTSigner(key: P256.Signing.PrivateKey(), keyID: "k1", type: "JWT")
    unpublished = JWTSigner(key: P256.Signing.PrivateKey(), keyID: "k1", type: "JWT")
  }

  /// Changes how it behaves.
  public func behave(_ change: (inout Behaviour) -> Void) { state.withLock { change(&$0.behaviour) } }

  /// What its token endpoint took, oldest first.
  public var tokenRequests: [TokenRequest] { state.withLock { $0.requests } }

  /// The paths that were fetched, oldest first.
  public var fetches: [String] { state.withLock { $0.fetches } }

  /// A user agrees to an authorization request.
  ///
  /// - Parameters:
  ///   - location: Where the browser was sent.
  ///   - subject: Who logs in.
  /// - Returns: The code and the `state` for the callback.
  public func approve(_ location: String, as subject: String) throws -> (code: String, state: String) {
    let url = try AbsoluteURL(parsing: location)
    let query = try FormParameters(parsing: url.query ?? "")
    func value(_ name: String) throws -> String {
      guard let value = try query.single(name), !value.isEmpty else { throw FakeProviderRefusal(reason: name) }
      return value
    }
    guard try value("response_type") == "code", try value("code_challenge_method") == "S256",
      try value("scope").split(separator: " ").contains("openid")
    else { throw FakeProviderRefusal(reason: "request") }
    let issued = Issued(
      redirectURI: try value("redirect_uri"), nonce: try value("nonce"), challenge: try value("code_challenge"),
      subject: subject)
    let code = state.withLock { state in
      state.count += 1
      let code = "code-\(state.count)"
      state.codes[code] = issued
      return code
    }
    return (code, try value("state"))
  }

  func get(_ url: AbsoluteURL) throws(FetchError) -> FetchedDocument {
    let behaviour = state.withLock { state in
      state.fetches.append(url.path)
      return state.behaviour
    }
    if behaviour.isDown { throw .connectionFailed("down") }
    switch url.path {
    case "/.well-known/openid-configuration": return Self.json(200, metadata(behaviour))
    case "/jwks":
      if behaviour.servesJunkKeys { return FetchedDocument(status: 200, headers: [], body: Array("<html>".utf8)) }
      return Self.json(200, JSONWebKeySet([signer.publicKey]).json())
    default: return Self.json(404, [:])
    }
  }

  func post(
    _ url: AbsoluteURL, form: [UInt8], headers: [(name: String, value: String)]
  ) throws(FetchError) -> FetchedDocument {
    guard url.path == "/token", let fields = try? FormParameters(parsing: form) else { return Self.json(404, [:]) }
    let authorization = headers.first { $0.name == "authorization" }?.value
    let (behaviour, issued) = state.withLock { state in
      guard !state.behaviour.isDown else { return (state.behaviour, Issued?.none) }
      state.requests.append(TokenRequest(form: fields, authorization: authorization))
      let code = fields.values("code").first ?? ""
      return (state.behaviour, state.codes.removeValue(forKey: code))
    }
    if behaviour.isDown { throw .connectionFailed("down") }
    if let error = behaviour.tokenError { return Self.json(400, ["error": .string(error)]) }
    guard let issued, let verifier = try? CodeVerifier(fields.values("code_verifier").first ?? ""),
      CodeChallenge(verifier).description == issued.challenge, fields.values("redirect_uri") == [issued.redirectURI],
      let idToken = idToken(issued, behaviour)
    else { return Self.json(400, ["error": "invalid_grant"]) }
    return Self.json(
      200, ["access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": .string(idToken)])
  }

  private func idToken(_ issued: Issued, _ behaviour: Behaviour) -> String? {
    let now = clock.now().seconds
    var claims: JSONObject = [
      "iss": .string(origin), "sub": .string(issued.subject), "aud": "martlet", "iat": .integer(now),
      "exp": .integer(now + 300), "nonce": .string(issued.nonce), "name": .string("Name of \(issued.subject)"),
      "email": "ada@example.com", "email_verified": true,
    ]
    for (name, value) in behaviour.claims { claims[name] = value }
    let token = try? (behaviour.signsWithUnpublishedKey ? unpublished : signer).sign(claims)
    return token.map { behaviour.rewritesIDToken?($0) ?? $0 }
  }

  private func metadata(_ behaviour: Behaviour) -> JSONValue {
    var object: JSONObject = [
      "issuer": .string(origin), "authorization_endpoint": .string(origin + "/authorize"),
      "token_endpoint": .string(origin + "/token"), "jwks_uri": .string(origin + "/jwks"),
      "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["ES256"],
    ]
    for (name, value) in behaviour.metadata { object[name] = value }
    return .object(object)
  }

  private static func json(_ status: Int, _ value: JSONValue) -> FetchedDocument {
    FetchedDocument(
      status: status, headers: [("content-type", "application/json")], body: JSONWriter.write(value))
  }
}

/// Why a fake provider would have shown its user an error.
public struct FakeProviderRefusal: Error, Equatable {
  /// The parameter that it didn't like.
  public let reason: String
}
