import MartletDomain
import MartletIdentity
import StrictCoding

/// Makes `admin` where nobody can log in yet, for `martlet serve --upstream`.
struct FirstUser {
  let installation: Installation

  /// - Returns: The password, to be shown once; `nil` when there were users.
  func makeIfNobodyExists() async throws -> String? {
    guard try await installation.store.users().isEmpty else { return nil }
    let password = Base64URL.encode(installation.random.bytes(15))
    _ = try await installation.localUsers.create("admin", password: Secret(password), isAdministrator: true)
    return password
  }
}
