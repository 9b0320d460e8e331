import MartletDomain
import StrictCoding

/// API keys as commands and the admin API show them; never the key itself.
public enum APIKeyJSON {
  /// Everything that may be seen.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - owner: The owner's name, where it is known.
  ///   - now: The time.
  public static func object(_ key: APIKey, owner: String?, at now: Timestamp) -> JSONObject {
    let scope = key.scope
    return [
      "name": .string(key.name), "id": .string(key.id.string), "owner": text(owner ?? key.owner?.string),
      "owner_id": text(key.owner?.string), "tenant": .string(key.tenant.string), "last_four": .string(key.lastFour),
      "servers": list(scope.servers?.sorted().map(\.string)), "tools": list(scope.tools?.map(\.description)),
      "read_only": .bool(scope.isReadOnly), "addresses": list(scope.addresses), "state": .string(state(key, at: now)),
      "delegation": text(key.delegation?.string),
      "created_at": .string(key.createdAt.text), "expires_at": .string(key.expiresAt.text),
      "last_used_at": text(key.lastUsedAt?.text),
    ]
  }

  /// How a key stands, in one word.
  public static func state(_ key: APIKey, at now: Timestamp) -> String {
    if key.revokedAt != nil { return "revoked" }
    if key.expiresAt <= now { return "expired" }
    return key.rotatedAt == nil ? "active" : "rotated"
  }

  /// What a key is good for, in a few words.
  public static func words(_ scope: KeyScope) -> String {
    let servers = scope.servers.map { $0.sorted().map(\.string).joined(separator: " ") } ?? "all servers"
    let tools = scope.tools.map { ": " + $0.map(\.description).joined(separator: " ") } ?? ""
    return servers + tools + (scope.isReadOnly ? ", reading only" : "")
      + (scope.addresses.map { ", from " + $0.joined(separator: " ") } ?? "")
  }

  private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }

  private static func list(_ values: [String]?) -> JSONValue {
    values.map { .array($0.map { .string($0) }) } ?? .null
  }
}
