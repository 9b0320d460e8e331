import MartletDomain
import OAuthProtocol

/// What the configuration says about logging in (`identity:`); an immutable part of one snapshot.
public struct IdentitySettings: Sendable {
  /// Whether users made by `martlet user add` may log in with their password.
  public var acceptsPasswords: Bool
  /// OpenID providers by the name in their paths.
  public var providers: [String: ProviderSettings]
  /// How long a login by password lasts in a browser.
  public var sessionLifetime: Duration

  /// 12 hours (N-30).
  public static let defaultSessionLifetime: Duration = .seconds(12 * 3600)

  /// Describes the settings.
  public init(
    acceptsPasswords: Bool = true, providers: [String: ProviderSettings] = [:],
    sessionLifetime: Duration = Self.defaultSessionLifetime
  ) {
    self.acceptsPasswords = acceptsPasswords
    self.providers = providers
    self.sessionLifetime = sessionLifetime
  }
}
