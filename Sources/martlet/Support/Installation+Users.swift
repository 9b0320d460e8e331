import MartletDomain
import MartletServer
import StrictCoding

extension Installation {
  /// Whom an operator names.
  func knownUser(_ name: String) async throws -> User {
    guard let user = try await store.user(called: name) else {
      throw CommandFailure(
        "there is no user \(PlainText.sanitized(name))", advice: "`martlet user list` shows all of them.")
    }
    return user
  }

  /// Whom an option names; `nil` without it.
  func knownUser(ifNamed name: String?) async throws -> User? {
    guard let name else { return nil }
    return try await knownUser(name)
  }
}
