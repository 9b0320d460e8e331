import ArgumentParser

/// `martlet user …`.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "People who can log in.",
    subcommands: [UserAdd.self, UserList.self, UserDisable.self, UserEnable.self, UserPassword.self, UserRemove.self])
}
