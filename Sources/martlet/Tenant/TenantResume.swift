import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet tenant resume`.
struct TenantResume: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a suspended tenant's members in again.")

  @Argument(help: "The tenant.")
  var name: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      try await TenantWords.failing {
        try await installation.tenants.resume(TenantID(name), configuration.namedTenants, by: Asker())
      }
      if options.json { return Terminal.out(["name": .string(name), "state": "active"]) }
      Terminal.out("The tenant \(PlainText.sanitized(name)) is active.")
    }
  }
}
