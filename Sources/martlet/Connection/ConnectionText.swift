import MartletDomain
import MartletServer
import StrictCoding

/// Accounts as commands answer them; tokens are never among it.
enum ConnectionText {
  static let head = ["server", "user", "tenant", "state", "why", "renewed", "ends"]

  static func row(_ connection: UpstreamConnection, _ names: ConnectionNames) -> [String] {
    [
      connection.key.route.server.string, names.label(of: connection.key.owner), connection.key.tenant.string,
      connection.ledger.state.rawValue, why(connection.ledger),
      (connection.refreshedAt ?? connection.connectedAt).text, connection.expiresAt?.text ?? "",
    ]
  }

  private static func why(_ ledger: RefreshLedger) -> String {
    ledger.reason?.rawValue ?? (ledger.mayBeSpent ? "unverified: seen at the next renewal" : "")
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
    ConnectionJSON.details(connection, of: names.name(of: connection.key.owner))
  }
}
