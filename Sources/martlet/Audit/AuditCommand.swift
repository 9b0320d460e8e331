import ArgumentParser

/// `martlet audit …`.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "The trail: who did what, and whether the record of it is whole.",
    subcommands: [AuditVerify.self, AuditSearch.self, AuditTail.self, AuditExport.self, AuditStats.self])
}
