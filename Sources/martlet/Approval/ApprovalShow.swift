import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval show`.
struct ApprovalShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One call that waits, with what it says.",
    discussion: """
      Example:
        martlet approval show apr_…
      """)

  @Argument(help: "The approval: apr_…")
  var id: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approval = try await ApprovalOffice(installation, configuration).show(ApprovalID(id))
      ApprovalText.show(try ApprovalText.found(approval, id), asJSON: options.json)
    }
  }
}
