import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// Users' tokens from their identity providers, for servers that want them exchanged. They are connections like any
/// other, so they are sealed, refreshed and taken away like any other.
public final class LoginTokens: Sendable {
  /// What of a login can be shown.
  enum Answer: Sendable {
    /// A token that is good for a while.
    case ready(ExchangeableToken)
    /// There is none: its user has to log in at the provider.
    case loginNeeded
    /// Not now.
    case unavailable
  }

  /// A token with so little left isn't shown.
  private static let margin: Duration = .seconds(10)

  private let store: any ConnectionStore
  private let seal: CredentialSeal
  private let clock: any WallClock
  private let engine = Mutex<RefreshEngine?>(nil)

  /// - Parameters:
  ///   - store: Where connections are kept.
  ///   - seal: Opens them.
  ///   - clock: Tells the time.
  public init(store: any ConnectionStore, seal: CredentialSeal, clock: any WallClock) {
    self.store = store
    self.seal = seal
    self.clock = clock
  }

  func attach(_ engine: RefreshEngine) { self.engine.withLock { $0 = engine } }

  /// A user's token of the kind that a server wants, refreshed at the provider where need be.
  func token(for settings: TokenExchangeSettings, of key: ConnectionKey) async -> Answer {
    let login = key.login(at: settings.provider)
    for isLast in [false, true] {
      let stored: UpstreamConnection?
      do { stored = try await store.connection(login) } catch { return .unavailable }
      guard let stored, stored.isLogin(at: settings.login) else { return .loginNeeded }
      guard let tokens = try? await seal.open(stored) else { return .unavailable }
      if let token = shown(tokens, of: stored, as: settings.subjectToken) { return .ready(token) }
      guard !isLast, stored.ledger.isRefreshable else { return .loginNeeded }
      switch await refreshed(stored) {
      case .ready: continue
      case .connectionRequired: return .loginNeeded
      case .unavailable: return .unavailable
      }
    }
    return .loginNeeded
  }

  private func shown(
    _ tokens: UpstreamTokens, of login: UpstreamConnection, as kind: TokenExchangeSettings.SubjectToken
  ) -> ExchangeableToken? {
    switch kind {
    case .accessToken:
      guard login.expiresAt.map({ $0 > clock.now() + Self.margin }) ?? true else { return nil }
      return ExchangeableToken(tokens.accessToken.expose(), type: .accessToken)
    case .idToken:
      guard let token = tokens.idToken?.expose(), let parsed = try? JSONWebSignature(compact: token),
        let end = parsed.claims["exp"]?.int64Value, Timestamp(seconds: end) > clock.now() + Self.margin
      else { return nil }
      return ExchangeableToken(token, type: .idToken)
    }
  }

  private func refreshed(_ login: UpstreamConnection) async -> CredentialAnswer {
    guard let engine = engine.withLock({ $0 }) else { return .unavailable(retryAt: nil) }
    return await withCheckedContinuation { continuation in
      engine.refresh(login, isUrgent: true) { continuation.resume(returning: $0) }
    }
  }
}

extension ConnectionKey {
  /// The same user's login at a provider.
  func login(at provider: String) -> ConnectionKey {
    ConnectionKey(tenant: tenant, route: .login(provider), owner: owner)
  }
}

extension UpstreamConnection {
  /// Whether it is a usable login at the provider of now, with the client of now: tokens are shown to nobody else (V-071).
  func isLogin(at party: TokenExchangeSettings.Party) -> Bool {
    ledger.isUsable && ByteString(issuer) == ByteString(party.issuer)
      && ByteString(clientID) == ByteString(party.clientID)
  }
}

extension VaultServer {
  /// The identity provider whose logins it uses, as the vault sees it: an authorization server that refreshes them.
  var login: VaultServer? {
    guard let settings = credential.tokenExchange, let url = try? AbsoluteURL(parsing: settings.login.issuer) else {
      return nil
    }
    let party = settings.login
    return VaultServer(
      route: ProtectedRoute(id: .login(settings.provider), displayName: settings.provider, tenants: nil), url: url,
      origins: [url.origin],
      credential: .oauth(
        OAuthConnectionSettings(
          issuer: party.issuer, clientID: party.clientID, clientSecret: party.clientSecret,
          secretMethod: party.secretMethod, sendsResource: false)))
  }
}
