import MartletDomain
import OAuthProtocol
import StrictCoding

/// Where an account of a server is connected, and what to ask for there.
struct UpstreamPlace: Sendable {
  /// The authorization server.
  var metadata: AuthorizationServerMetadata
  /// Where the browser goes.
  var authorizationEndpoint: AbsoluteURL
  /// The resource indicator to send; `nil` for none.
  var resource: String?
  /// What the configuration, or else the server, says is needed.
  var scopes: ScopeSet

  /// What to ask for: what is needed, with what the server wanted beyond it and what is granted so far, so that one
  /// connection has it all (MCP 2026-07-28 Step-Up Authorization Flow).
  func scopesToAsk(after stored: UpstreamConnection?, settings: OAuthConnectionSettings) -> ScopeSet {
    var asked = scopes
    if let stored, stored.ledger.state != .revoked, ByteString(stored.issuer) == ByteString(metadata.issuer) {
      asked = asked.union(stored.scope).union(stored.scopes.missing)
    }
    // Without it some servers give no refresh token (SEP-2207); the operator's own list is left alone.
    let offersOfflineAccess = metadata.scopesSupported?.contains("offline_access") ?? false
    return settings.scopes == nil && offersOfflineAccess ? asked.union(["offline_access"]) : asked
  }
}

extension VaultServer {
  /// Whether an account's client is one that Martlet registered and that its authorization server doesn't know any more:
  /// connecting again registers another, and nothing else helps.
  func hasLostClient(of connection: UpstreamConnection) -> Bool {
    connection.ledger.reason == .clientRefused && registersItself
  }

  private var registersItself: Bool {
    if case .oauth(let settings) = credential { settings.clientID == nil } else { false }
  }

  /// How users connect; of other kinds of server, nothing is asked.
  var oauth: OAuthConnectionSettings {
    if case .oauth(let settings) = credential { settings } else { OAuthConnectionSettings() }
  }
}
