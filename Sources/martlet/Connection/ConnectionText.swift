import MartletDomain
import MartletServer
import StrictCoding

/// Accounts as commands answer them; tokens are never among it.
enum ConnectionText {
  static let head = ["server", "user", "tenant", "state", "why", "renewed", "ends"]

  static func row(_ connection: UpstreamConnection, _ names: ConnectionNames) -> [String] {
    [
      connection.key.route.server.string, names.name(of: connection.key.owner), connection.key.tenant.string,
      connection.ledger.state.rawValue, connection.ledger.reason?.rawValue ?? "",
      (connection.refreshedAt ?? connection.connectedAt).text, connection.expiresAt?.text ?? "",
    ]
  }

  static func lines(_ connection: UpstreamConnection, _ names: ConnectionNames) -> [(String, String)] {
    let json = json(connection, names)
    return json.members.map { name, value in
      let text =
        switch value {
        case .null: "-"
        default: value.stringValue ?? ByteString(JSONWriter.write(value)).string
        }
      return (name, PlainText.sanitized(text, limit: 2000))
    }
  }

  static func json(_ connection: UpstreamConnection, _ names: ConnectionNames) -> JSONObject {
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.text) } ?? .null }
    let (key, ledger) = (connection.key, connection.ledger)
    return [
      "server": .string(key.route.server.string), "user": .string(names.name(of: key.owner)),
      "tenant": .string(key.tenant.string), "state": .string(ledger.state.rawValue),
      "reason": ledger.reason.map { .string($0.rawValue) } ?? .null, "issuer": .string(connection.issuer),
      "client_id": .string(connection.clientID), "scope": .string(connection.scope.string),
      "asked_scope": .string(connection.scopes.asked.string),
      "missing_scope": .string(connection.scopes.missing.string), "refreshable": .bool(ledger.isRefreshable),
      "version": .number(JSONNumber(Int64(ledger.version))), "failures": .number(JSONNumber(Int64(ledger.failures))),
      "connected_at": time(connection.connectedAt), "refreshed_at": time(connection.refreshedAt),
      "expires_at": time(connection.expiresAt), "refresh_at": time(connection.refreshAt),
      "retry_at": time(ledger.retryAt),
    ]
  }
}
