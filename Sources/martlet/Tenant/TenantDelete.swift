import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet tenant delete`.
struct TenantDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Remove all that a tenant has, for good; its name is never used again.",
    discussion: """
      Its data key goes first, so that no copy of its accounts' credentials opens again with this database. The trail \
      stays, with ids instead of the people they stood for. Backups from before hold what they held.

      Example:
        martlet tenant delete acme --confirm acme
      """)

  @Argument(help: "The tenant.")
  var name: String

  @Option(help: ArgumentHelp("The tenant's name once more.", valueName: "name"))
  var confirm: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let rows = try await TenantWords.failing {
        try await installation.tenants.delete(
          TenantID(name), confirmation: confirm, configuration.namedTenants, by: Asker(),
          with: { await options.desk(installation, configuration) })
      }
      if options.json { return Terminal.out(["name": .string(name), "rows": .integer(Int64(rows))]) }
      Terminal.out("The tenant \(PlainText.sanitized(name)) was deleted (\(rows) rows).")
    }
  }
}

/// What the commands about tenants have in common.
enum TenantWords {
  static func failing<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
    do { return try await work() } catch let error as TenantError {
      throw CommandFailure(error.description, advice: "See `martlet tenant --help`.")
    }
  }
}
