import MartletDomain
import StrictCoding

/// Delegations as commands and the admin API show them.
public enum DelegationJSON {
  /// Everything about a delegation.
  ///
  /// - Parameters:
  ///   - delegation: The delegation.
  ///   - names: What users and jobs are called.
  ///   - now: The time.
  public static func object(_ delegation: Delegation, names: [UserID: String], at now: Timestamp) -> JSONObject {
    [
      "id": .string(delegation.id.string), "user": .string(names[delegation.user] ?? delegation.user.string),
      "job": .string(names[delegation.job] ?? delegation.job.string), "tenant": .string(delegation.tenant.string),
      "servers": .array(delegation.servers.sorted().map { .string($0.string) }),
      "tools": delegation.tools.map { .array($0.map { .string($0.description) }) } ?? .null,
      "state": .string(state(delegation, at: now)), "created_at": .string(delegation.createdAt.text),
      "expires_at": .string(delegation.expiresAt.text),
    ]
  }

  /// How a delegation stands, in one word.
  public static func state(_ delegation: Delegation, at now: Timestamp) -> String {
    delegation.revokedAt != nil ? "revoked" : delegation.expiresAt <= now ? "expired" : "active"
  }

  /// What it lets, in a few words.
  public static func words(_ delegation: Delegation) -> String {
    delegation.servers.sorted().map(\.string).joined(separator: " ")
      + (delegation.tools.map { ": " + $0.map(\.description).joined(separator: " ") } ?? "")
  }
}
