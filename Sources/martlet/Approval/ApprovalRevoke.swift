import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval revoke`.
struct ApprovalRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take back what waits, is approved, or is allowed for an hour.",
    discussion: """
      Example:
        martlet approval revoke apr_…
      """)

  @Argument(help: "The approval: apr_…")
  var id: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approval = try await ApprovalOffice(installation, configuration).revoke(ApprovalID(id))
      ApprovalText.show(try ApprovalText.found(approval, id), asJSON: options.json)
    }
  }
}
