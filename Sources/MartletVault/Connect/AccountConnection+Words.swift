import MartletDomain
import OAuthProtocol

extension AccountConnection {
  /// An account that isn't connected.
  init(absentAt server: VaultServer, csrf: String) {
    self.init(
      serverName: server.route.displayName, path: server.route.id.connectPath ?? "/account", standing: .absent,
      state: "not connected", csrf: csrf)
  }

  /// A server that a login opens as soon as it is called.
  init(readyAt server: VaultServer, csrf: String) {
    let provider = server.credential.tokenExchange?.provider ?? ""
    self.init(
      serverName: server.route.displayName, path: server.route.id.connectPath ?? "/account", standing: .connected,
      state: "connected by your login at \(provider)", csrf: csrf)
  }

  /// An account as it is stored.
  init(_ connection: UpstreamConnection, _ server: VaultServer, csrf: String) {
    guard connection.ledger.state != .revoked else {
      self.init(absentAt: server, csrf: csrf)
      return
    }
    let grown = (server.oauth.scopes ?? ScopeSet()).subtracting(connection.scopes.asked)
    let missing = connection.scopes.asked.subtracting(connection.scope).union(connection.scopes.missing).union(grown)
    let (standing, state, step) = Self.words(connection, server, isGrown: !grown.isEmpty)
    self.init(
      serverName: server.route.displayName, path: server.route.id.connectPath ?? "/account", standing: standing,
      state: state, granted: connection.scope.tokens, missing: missing.tokens,
      refreshedAt: connection.refreshedAt ?? connection.connectedAt, expiresAt: connection.expiresAt,
      isRefreshable: connection.ledger.isRefreshable, nextStep: step, csrf: csrf)
    isHopeless = connection.isExhausted && grown.isEmpty
  }

  private static func words(
    _ connection: UpstreamConnection, _ server: VaultServer, isGrown: Bool
  ) -> (Standing, String, String?) {
    let ledger = connection.ledger
    switch ledger.state {
    case .active, .refreshing:
      if isGrown { return (.needsUser, "connected, with less than is needed now", "Reconnect to allow the rest.") }
      guard ledger.mayBeSpent else { return (.connected, "connected", nil) }
      return (
        .connected, "connected; unverified",
        "Nothing has to be done: the next renewal shows whether it still works. One was interrupted, or this is from a backup."
      )
    case .revoked: return (.absent, "not connected", nil)
    case .error where server.hasLostClient(of: connection):
      return (.needsUser, words(ledger.reason), "Reconnect: Martlet registers itself there again.")
    case .error where ledger.reason == .clientRefused:
      return (.troubled, words(ledger.reason), "Ask an administrator: the registration there is one of theirs.")
    case .error: return (.troubled, "connected; \(words(ledger.reason))", "Nothing: it is tried again by itself.")
    case .reauthRequired where connection.isExhausted && !isGrown:
      return (
        .needsUser, words(ledger.reason),
        "Reconnecting did not help \(ScopeLedger.mostRepetitions) times: ask an administrator what is missing, "
          + "and reconnect when they have seen to it."
      )
    case .reauthRequired where ledger.reason == .rejected && server.credential.ownKey != nil:
      return (.needsUser, "the server refuses your key", "Enter another key, or call again if the server was at fault.")
    case .reauthRequired: return (.needsUser, words(ledger.reason), "Reconnect.")
    }
  }

  private static func words(_ reason: ConnectionReason?) -> String {
    switch reason {
    case .refused: "the authorization server ended it"
    case .interrupted: "a renewal was interrupted, and the authorization server ended it"
    case .notRefreshable: "it has expired, and can't be renewed without you"
    case .scopeMissing: "connected, and the server wants more than was granted"
    case .rejected: "connected, and the server refuses what its authorization server issued for it"
    case .issuerUnavailable: "its authorization server doesn't answer at present"
    case .issuerAnswer: "its authorization server answers nothing of use at present"
    case .clientRefused: "its authorization server doesn't know Martlet any more"
    case .unreadable: "what is stored can't be read"
    case .disconnected: "it was disconnected"
    case .withdrawn: "an administrator took it away"
    case nil: "it has to be connected again"
    }
  }
}
