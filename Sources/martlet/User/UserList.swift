import ArgumentParser
import MartletDomain
import StrictCoding

/// `martlet user list`.
struct UserList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Everyone who has an account here, by password or by provider.",
    discussion: """
      Example:
        martlet user list --json
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let users = try await installation.store.users().sorted {
        (ByteString($0.loginName ?? "\u{7F}"), $0.id) < (ByteString($1.loginName ?? "\u{7F}"), $1.id)
      }
      if options.json {
        Terminal.out(.array(users.map { .object(UserText.json($0)) }))
      } else if users.isEmpty {
        Terminal.out("There are no users yet. Make one: martlet user add NAME")
      } else {
        Terminal.table(UserText.head, users.map(UserText.row))
      }
    }
  }
}
