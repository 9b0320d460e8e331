import MartletDomain
import StrictCoding

/// OAuth clients as commands and the admin API show them.
public enum ClientJSON {
  /// Everything that may be seen.
  public static func object(_ client: RegisteredClient) -> JSONObject {
    let isInFile = client.origin == .configuration
    let servers: [JSONValue]? = client.servers?.sorted().map { .string($0.string) }
    return [
      "client_id": .string(client.id.string), "name": .string(client.name), "origin": .string(origin(client)),
      "token_endpoint_auth_method": .string(client.authenticationMethod.rawValue),
      "grant_types": .array(client.grantTypes.map(\.rawValue).sorted().map { .string($0) }),
      "redirect_uris": .array(client.redirectURIs.map { .string($0.string) }),
      "servers": servers.map { .array($0) } ?? .null, "tenant": .string(client.tenant.string),
      "created_at": isInFile ? .null : .string(client.createdAt.text),
      "first_used_at": isInFile ? .null : client.firstUsedAt.map { .string($0.text) } ?? .null,
    ]
  }

  /// Where a client comes from, in one word.
  public static func origin(_ client: RegisteredClient) -> String {
    switch client.origin {
    case .configuration: "configuration"
    case .administrator: "added"
    case .dynamicRegistration: "registered"
    case .metadataDocument: "document"
    }
  }
}
