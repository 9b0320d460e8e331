import MartletDomain
import StrictCoding

/// Users as commands and the admin API show them.
public enum UserJSON {
  /// Everything that may be seen.
  public static func object(_ user: User) -> JSONObject {
    [
      "name": .string(user.shownName), "id": .string(user.id.string),
      "tenant": .string(user.tenant.string), "admin": .bool(user.isAdministrator), "service": .bool(user.isService),
      "disabled": .bool(user.disabledAt != nil), "issuer": issuer(user), "created_at": .string(user.createdAt.text),
    ]
  }

  private static func issuer(_ user: User) -> JSONValue {
    if case .federated(let issuer, _) = user.origin { .string(issuer.string) } else { .null }
  }
}
