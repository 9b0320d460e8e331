import ArgumentParser
import StrictCoding

/// Whose access a command takes away or gives back.
struct UserAccess: ParsableArguments {
  @Argument(help: "The login name, or the id of a user who comes from a provider (martlet user list --json).")
  var name: String

  @OptionGroup var options: InstallationOptions

  func set(disabled: Bool, saying sentence: String) async throws {
    try await options.withInstallation { installation, _ in
      if disabled {
        try await installation.localUsers.disable(name)
      } else {
        try await installation.localUsers.enable(name)
      }
      if options.json {
        Terminal.out(["name": .string(name), "disabled": .bool(disabled)])
      } else {
        Terminal.out(sentence)
      }
    }
  }
}
