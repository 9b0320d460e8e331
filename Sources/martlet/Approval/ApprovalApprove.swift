import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet approval approve`.
struct ApprovalApprove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Allow a call once, or calls like it for an hour.",
    discussion: """
      Example:
        martlet approval approve apr_…
      """)

  @Argument(help: "The approval: apr_…")
  var id: String

  @Flag(help: "Every call of the tool by the same caller, with any arguments, for an hour.")
  var hour = false

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let approval = try await ApprovalOffice(installation, configuration).approve(ApprovalID(id), forAnHour: hour)
      ApprovalText.show(try ApprovalText.found(approval, id), asJSON: options.json)
    }
  }
}
