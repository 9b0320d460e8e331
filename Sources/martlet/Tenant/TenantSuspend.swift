import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet tenant suspend`.
struct TenantSuspend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "suspend", abstract: "Refuse everything of a tenant")

  @Argument(help: "The tenant.")
  var name: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      try await TenantWords.failing {
        try await installation.tenants.suspend(TenantID(name), configuration.namedTenants, by: Asker())
      }
      if options.json {
        return Terminal.out([
          "name": .string(name), "state": "suspended",
        ])
      }
      Terminal.out(
        "The tenant \(PlainText.sanitized(name)) is suspended: its logins, tokens, keys and streams end within five seconds."
      )
    }
  }
}
