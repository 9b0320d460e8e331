import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet tenant list`.
struct TenantList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Tenants, and how they stand.",
    discussion: """
      A tenant is known as soon as a server, a client, a user or a key names it.
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let found = try await installation.tenants.list(configuration.namedTenants)
      if options.json {
        Terminal.out(
          .array(found.map { ["name": .string($0.tenant.string), "state": .string($0.state.rawValue)] }))
      } else {
        Terminal.table(["tenant", "state"], found.map { [$0.tenant.string, $0.state.rawValue] })
      }
    }
  }
}
