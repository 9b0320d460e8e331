import MartletDomain
import StrictCoding

/// Accounts at servers as commands and the admin API show them; tokens are never among it.
public enum ConnectionJSON {
  /// What a list shows.
  ///
  /// - Parameters:
  ///   - connection: The account.
  ///   - user: Whose it is; `nil` for one of Martlet's own.
  public static func summary(_ connection: UpstreamConnection, of user: String?) -> JSONObject {
    let (key, ledger) = (connection.key, connection.ledger)
    return [
      "server": .string(key.route.server.string), "user": user.map { .string($0) } ?? .null,
      "user_id": key.owner.user.map { .string($0.string) } ?? .null, "tenant": .string(key.tenant.string),
      "state": .string(ledger.state.rawValue),
      "reason": ledger.reason.map { .string($0.rawValue) } ?? .null, "unverified": .bool(ledger.mayBeSpent),
      "issuer": .string(connection.issuer),
      "scope": .string(connection.scope.string), "connected_at": time(connection.connectedAt),
      "refreshed_at": time(connection.refreshedAt), "expires_at": time(connection.expiresAt),
    ]
  }

  /// Everything that may be seen.
  ///
  /// - Parameters:
  ///   - connection: The account.
  ///   - user: Whose it is; `nil` for one of Martlet's own.
  public static func details(_ connection: UpstreamConnection, of user: String?) -> JSONObject {
    let ledger = connection.ledger
    var object = summary(connection, of: user)
    object["client_id"] = .string(connection.clientID)
    object["asked_scope"] = .string(connection.scopes.asked.string)
    object["missing_scope"] = .string(connection.scopes.missing.string)
    object["refreshable"] = .bool(ledger.isRefreshable)
    object["version"] = .integer(Int64(ledger.version))
    object["failures"] = .integer(Int64(ledger.failures))
    object["refresh_at"] = time(connection.refreshAt)
    object["retry_at"] = time(ledger.retryAt)
    return object
  }

  private static func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.text) } ?? .null }
}
