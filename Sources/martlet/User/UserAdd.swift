import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet user add`.
struct UserAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Make a local user.",
    discussion: """
      Examples:
        martlet user add ada
        printf %s "$PASSWORD" | martlet user add grace --tenant acme --password-stdin
      """)

  @Argument(help: "The login name: 1 to 64 of a-z, 0-9 and . _ @ -; unique in the installation.")
  var name: String

  @Option(help: "The tenant that the user belongs to.")
  var tenant = "default"

  @Flag(help: "May administer the installation.")
  var admin = false

  @OptionGroup var password: PasswordOptions
  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard TenantName.isValid(tenant) else { throw ValidationError("--tenant must be \(TenantName.rule)") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let (secret, shown) = try password.password(installation.random)
      let user = try await installation.localUsers.create(
        name, password: secret, tenant: TenantID(tenant), isAdministrator: admin)
      if options.json {
        var answer = UserText.json(user)
        answer["password"] = shown.map { .string($0) }
        Terminal.out(.object(answer))
      } else {
        Terminal.out("The user \(user.loginName ?? name) was made.")
        if let shown { Terminal.out("The password is shown this once: \(shown)") }
      }
    }
  }
}
