import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval list`.
struct ApprovalList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Calls that wait for a decision.",
    discussion: """
      Example:
        martlet approval list --all --json
      """)

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Flag(help: "What was decided and has ended, too, for 30 days.")
  var all = false

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approvals = try await ApprovalOffice(installation, configuration).list(
        all ? nil : [.pending], tenant: tenant.map { TenantID($0) })
      ApprovalText.list(approvals, empty: "Nothing waits for a decision.", asJSON: options.json)
    }
  }
}
