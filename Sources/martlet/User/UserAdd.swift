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
        martlet user add nightly --service
      """)

  @Argument(help: "The login name: 1 to 64 of a-z, 0-9 and . _ @ -; unique in the installation.")
  var name: String

  @Option(help: "The tenant that the user belongs to.")
  var tenant = "default"

  @Flag(help: "May administer the installation.")
  var admin = false

  @Flag(help: "A service account: it owns API keys, has no password, and nobody can log in to it.")
  var service = false

  @OptionGroup var password: PasswordOptions
  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard TenantName.isValid(tenant) else { throw ValidationError("--tenant must be \(TenantName.rule)") }
    if service, admin || password.fromStandardInput {
      throw ValidationError(
        "a service account has no password and administers nothing: leave --service or the others out")
    }
  }

  func run() async throws {
    try await options.withInstallation(isNewWelcome: true) { installation, _ in
      if service {
        let user = try await installation.localUsers.createService(name, tenant: TenantID(tenant))
        if options.json { return Terminal.out(.object(UserText.json(user))) }
        Terminal.out("The service account \(user.displayName) was made.")
        return Terminal.out("Give it a key: martlet key create NAME --owner \(user.displayName)")
      }
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
