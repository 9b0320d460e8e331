import MartletDomain
import MartletServer
import StrictCoding

/// Clients as commands answer them.
enum ClientText {
  static let head = ["client_id", "name", "origin", "authentication", "grants", "first used"]

  static func row(_ client: RegisteredClient) -> [String] {
    [
      client.id.string, client.name, ClientJSON.origin(client), client.authenticationMethod.rawValue,
      grants(client).joined(separator: " "),
      client.origin == .configuration ? "" : client.firstUsedAt?.text ?? "never",
    ]
  }

  static func json(_ client: RegisteredClient) -> JSONObject { ClientJSON.object(client) }

  private static func grants(_ client: RegisteredClient) -> [String] { client.grantTypes.map(\.rawValue).sorted() }
}
