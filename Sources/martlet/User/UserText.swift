import MartletDomain
import MartletServer
import StrictCoding

/// Users as commands answer them.
enum UserText {
  static let head = ["name", "tenant", "role", "state", "login", "made"]

  static func row(_ user: User) -> [String] {
    [
      user.shownName, user.tenant.string, user.isAdministrator ? "admin" : user.isService ? "service" : "user",
      user.disabledAt == nil ? "enabled" : "disabled", user.isService ? "none" : provider(user) ?? "password",
      user.createdAt.text,
    ]
  }

  static func json(_ user: User) -> JSONObject { UserJSON.object(user) }

  private static func provider(_ user: User) -> String? {
    if case .federated(let issuer, _) = user.origin { issuer.string } else { nil }
  }
}
