import MartletDomain
import StrictCoding

/// Bearers of the admin API as commands and the API itself show them; never the bearer.
public enum AdminTokenJSON {
  /// Everything that may be seen.
  public static func object(_ token: AdminToken, at now: Timestamp) -> JSONObject {
    [
      "id": .string(token.id.string), "role": .string(token.role.rawValue),
      "tenant": token.tenant.map { .string($0.string) } ?? .null, "last_four": .string(token.lastFour),
      "created_at": .string(token.createdAt.text), "expires_at": .string(token.expiresAt.text),
      "idle_limit": token.idleLimit.map { .string(DurationText.write($0)) } ?? .null,
      "live": .bool(token.isLive(at: now)),
    ]
  }
}
