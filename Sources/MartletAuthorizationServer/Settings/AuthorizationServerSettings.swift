import MartletDomain
import OAuthProtocol

/// What the configuration says about the authorization server; an immutable part of one snapshot.
public struct AuthorizationServerSettings: Sendable {
  /// The routes, and the origin that is the issuer.
  public var routes: RouteDirectory
  /// Clients written in the configuration file.
  public var clients: [ClientID: RegisteredClient]
  /// How clients may become known.
  public var registration: RegistrationSettings
  /// How long tokens live.
  public var tokens: TokenSettings
  /// Which redirect URIs may be registered.
  public var redirectURIPolicy: RedirectURIPolicy
  /// How programs without a browser log in.
  public var deviceGrant: DeviceGrantSettings

  /// Describes the settings.
  public init(
    routes: RouteDirectory, clients: [ClientID: RegisteredClient] = [:],
    registration: RegistrationSettings = RegistrationSettings(), tokens: TokenSettings = TokenSettings(),
    redirectURIPolicy: RedirectURIPolicy = .default, deviceGrant: DeviceGrantSettings = DeviceGrantSettings()
  ) {
    self.routes = routes
    self.clients = clients
    self.registration = registration
    self.tokens = tokens
    self.redirectURIPolicy = redirectURIPolicy
    self.deviceGrant = deviceGrant
  }

  /// The issuer: the bare public origin, in its one spelling.
  public var issuer: String { routes.origin.string }
}

/// How clients may become known (`registration:`).
public struct RegistrationSettings: Sendable, Hashable {
  /// Whether Client ID Metadata Documents are fetched.
  public var acceptsMetadataDocuments = true
  /// Whether `/register` is open.
  public var acceptsDynamicRegistration = true
  /// When a client that was never used goes.
  public var unusedLifetime: Duration = .seconds(24 * 3600)
  /// How many never-used clients are kept at most.
  public var unusedClients = 10_000

  /// The defaults.
  public init() {}
}

/// How programs without a browser log in (`device_grant:`).
public struct DeviceGrantSettings: Sendable, Hashable {
  /// Whether clients that an operator made for it may use the grant at all.
  public var isEnabled = true
  /// From the first request to the decision.
  public var lifetime: Duration = .seconds(600)
  /// How long a program waits between two questions.
  public var interval: Duration = .seconds(5)

  /// The defaults.
  public init() {}
}

/// How long tokens live (`tokens:`).
public struct TokenSettings: Sendable, Hashable {
  /// An access token.
  public var accessLifetime: Duration = .seconds(3600)
  /// A refresh token that nobody uses.
  public var refreshLifetime: Duration = .seconds(30 * 86_400)
  /// A whole refresh family.
  public var refreshFamilyLifetime: Duration = .seconds(365 * 86_400)
  /// In which the predecessor answers with the same successor.
  public var replayWindow: Duration = .seconds(120)
  /// What reuse after that does.
  public var reuse: RefreshReusePolicy = .revokeFamily
  /// An authorization code (N-09).
  public var codeLifetime: Duration = .seconds(60)
  /// How long a signing key signs before the next one does.
  public var signingKeyLifetime: Duration = .seconds(90 * 86_400)
  /// From `/authorize` to the decision.
  public var authorizationLifetime: Duration = .seconds(600)

  /// The defaults.
  public init() {}
}
