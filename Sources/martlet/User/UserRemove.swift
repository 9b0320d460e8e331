import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet user remove`.
struct UserRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "End all that a user or service account has, then remove it.",
    discussion: """
      Tokens, logins, sessions, keys, delegations, approvals and accounts at servers end first, open streams too. The
      trail keeps what was done; it can't tell any more who that was.

      Example:
        martlet user remove ada
      """)

  @Argument(help: "The name, or the id of a user who comes from a provider (martlet user list --json).")
  var name: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      guard let user = try await installation.store.user(called: name) else { throw LocalUserError.unknownUser }
      try await installation.accessRevoker.remove(
        user, by: Asker(), with: { await options.desk(installation, configuration) })
      if options.json {
        Terminal.out(["name": .string(name), "removed": true])
      } else {
        Terminal.out("The user \(name) was removed.")
      }
    }
  }
}
