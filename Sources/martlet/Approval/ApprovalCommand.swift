import ArgumentParser

/// `martlet approval …`.
struct ApprovalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approval", abstract: "Calls that wait for somebody's approval (effect: require_approval).",
    subcommands: [
      ApprovalList.self, ApprovalShow.self, ApprovalApprove.self, ApprovalDeny.self, ApprovalGrants.self,
      ApprovalRevoke.self,
    ])
}
