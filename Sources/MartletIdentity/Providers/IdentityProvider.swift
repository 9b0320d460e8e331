import MartletDomain
import OAuthProtocol
import StrictCoding

/// Somebody else who can tell who a user is. State, browser binding and single use are the login endpoint's part, so
/// that no provider can forget them.
public protocol IdentityProvider: Sendable {
  /// Who vouches: the first half of a user's identity. A login that began under another issuer is never finished here
  /// (V-071).
  var issuer: ByteString { get }

  /// How long a login by this provider lasts.
  var sessionLifetime: Duration { get }

  /// Where a browser that leaves ends up, for `form-action`.
  func destination() async -> HTTPOrigin

  /// The URL that a browser is sent to.
  ///
  /// - Throws: `ProviderError`.
  func authorizationURL(for departure: ProviderDeparture) async throws(ProviderError) -> String

  /// Finishes a login with what the provider sent back.
  ///
  /// - Throws: `ProviderError`.
  func identity(from arrival: ProviderArrival) async throws(ProviderError) -> FederatedIdentity

  /// The same, with the tokens that came with it.
  ///
  /// - Throws: `ProviderError`.
  func login(from arrival: ProviderArrival) async throws(ProviderError) -> ProviderLogin
}

extension IdentityProvider {
  /// Without tokens: not every provider has some.
  public func login(from arrival: ProviderArrival) async throws(ProviderError) -> ProviderLogin {
    ProviderLogin(identity: try await identity(from: arrival), tokens: nil)
  }
}

/// A browser that leaves for a provider.
public struct ProviderDeparture: Sendable {
  /// The `state`, single use.
  public let state: Secret
  /// The nonce that the ID token must repeat.
  public let nonce: String
  /// The PKCE challenge (S256).
  public let challenge: CodeChallenge
  /// Where the provider answers.
  public let redirectURI: String

  /// Describes a departure.
  public init(state: Secret, nonce: String, challenge: CodeChallenge, redirectURI: String) {
    self.state = state
    self.nonce = nonce
    self.challenge = challenge
    self.redirectURI = redirectURI
  }
}

/// A browser that came back, with its `state` already spent.
public struct ProviderArrival: Sendable {
  /// What the provider's redirect carried.
  public let parameters: FormParameters
  /// The nonce of the departure.
  public let nonce: String
  /// The PKCE verifier of the departure.
  public let verifier: CodeVerifier
  /// The redirect URI of the departure.
  public let redirectURI: String

  /// Describes an arrival.
  public init(parameters: FormParameters, nonce: String, verifier: CodeVerifier, redirectURI: String) {
    self.parameters = parameters
    self.nonce = nonce
    self.verifier = verifier
    self.redirectURI = redirectURI
  }
}

/// Who a provider says the user is. Issuer and subject are the identity; an e-mail address never is (V-070).
public struct FederatedIdentity: Hashable, Sendable {
  /// The issuer.
  public let issuer: ByteString
  /// The subject, unique at that issuer.
  public let subject: ByteString
  /// The tenant.
  public let tenant: TenantID
  /// What pages show.
  public let displayName: String
  /// The groups.
  public let groups: [String]

  /// Describes an identity.
  public init(issuer: ByteString, subject: ByteString, tenant: TenantID, displayName: String, groups: [String]) {
    self.issuer = issuer
    self.subject = subject
    self.tenant = tenant
    self.displayName = displayName
    self.groups = groups
  }
}
