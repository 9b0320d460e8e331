import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval deny`.
struct ApprovalDeny: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deny", abstract: "Refuse a call.",
    discussion: """
      Example:
        martlet approval deny apr_…
      """)

  @Argument(help: "The approval: apr_…")
  var id: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approval = try await ApprovalOffice(installation, configuration).deny(ApprovalID(id))
      ApprovalText.show(try ApprovalText.found(approval, id), asJSON: options.json)
    }
  }
}
