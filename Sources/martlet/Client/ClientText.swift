import MartletDomain
import MartletServer
import StrictCoding

/// Clients as commands answer them.
enum ClientText {
  static let head = ["client_id", "name", "origin", "authentication", "grants", "first used"]

  static func row(_ client: RegisteredClient) -> [String] {
    [
      client.id.string, client.name, origin(client), client.authenticationMethod.rawValue,
      grants(client).joined(separator: " "),
      client.origin == .configuration ? "" : client.firstUsedAt?.text ?? "never",
    ]
  }

  static func json(_ client: RegisteredClient) -> JSONObject {
    let isInFile = client.origin == .configuration
    let servers: [JSONValue]? = client.servers?.sorted().map { .string($0.string) }
    return [
      "client_id": .string(client.id.string), "name": .string(client.name), "origin": .string(origin(client)),
      "token_endpoint_auth_method": .string(client.authenticationMethod.rawValue),
      "grant_types": .array(grants(client).map { .string($0) }),
      "redirect_uris": .array(client.redirectURIs.map { .string($0.string) }),
      "servers": servers.map { .array($0) } ?? .null, "tenant": .string(client.tenant.string),
      "created_at": isInFile ? .null : .string(client.createdAt.text),
      "first_used_at": isInFile ? .null : client.firstUsedAt.map { .string($0.text) } ?? .null,
    ]
  }

  private static func grants(_ client: RegisteredClient) -> [String] { client.grantTypes.map(\.rawValue).sorted() }

  private static func origin(_ client: RegisteredClient) -> String {
    switch client.origin {
    case .configuration: "configuration"
    case .administrator: "added"
    case .dynamicRegistration: "registered"
    case .metadataDocument: "document"
    }
  }
}
