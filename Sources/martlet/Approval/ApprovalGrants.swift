import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval grants`.
struct ApprovalGrants: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grants", abstract: "What is approved and not used yet, and what is allowed for an hour.",
    discussion: """
      Example:
        martlet approval grants
      """)

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approvals = try await ApprovalOffice(installation, configuration).list(
        [.approved, .granted], tenant: tenant.map { TenantID($0) })
      ApprovalText.list(approvals, empty: "Nothing is allowed by an approval now.", asJSON: options.json)
    }
  }
}
