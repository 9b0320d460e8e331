import ArgumentParser

/// `martlet delegation …`.
struct DelegationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delegation", abstract: "What users let jobs do for them.",
    subcommands: [DelegationCreate.self, DelegationList.self, DelegationRevoke.self])
}
