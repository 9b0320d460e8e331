import MartletDomain
import OAuthProtocol

/// One OpenID provider of the configuration (`identity.providers.*`).
public struct ProviderSettings: Sendable {
  /// The issuer exactly as the provider spells it; compared byte by byte.
  public var issuer: String
  /// Our client id there.
  public var clientID: String
  /// Our client secret there; `nil` for a public client, which PKCE alone protects.
  public var clientSecret: Secret?
  /// What is asked for; `openid` is always added.
  public var scopes: ScopeSet
  /// The claim that names the user's tenant; `nil` puts every user in the default tenant.
  public var tenantClaim: String?
  /// Tenants by the claim's value; a value that isn't listed is refused. `nil` takes the value itself.
  public var tenantMap: [String: TenantID]?
  /// The claim that lists the user's groups.
  public var groupsClaim: String?
  /// Which signature algorithms an ID token may have; `nil` for every one that the key set offers.
  public var allowedAlgorithms: Set<JWSAlgorithm>?
  /// How long a login by this provider lasts in a browser.
  public var sessionLifetime: Duration

  /// Describes a provider.
  public init(
    issuer: String, clientID: String, clientSecret: Secret? = nil, scopes: ScopeSet = ["openid", "profile", "email"],
    tenantClaim: String? = nil, tenantMap: [String: TenantID]? = nil, groupsClaim: String? = nil,
    allowedAlgorithms: Set<JWSAlgorithm>? = nil,
    sessionLifetime: Duration = IdentitySettings.defaultSessionLifetime
  ) {
    self.issuer = issuer
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.scopes = scopes
    self.tenantClaim = tenantClaim
    self.tenantMap = tenantMap
    self.groupsClaim = groupsClaim
    self.allowedAlgorithms = allowedAlgorithms
    self.sessionLifetime = sessionLifetime
  }
}
