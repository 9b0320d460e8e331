import ArgumentParser

/// `martlet tenant …`.
struct TenantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Suspend, resume and delete tenants.",
    subcommands: [TenantList.self, TenantSuspend.self, TenantResume.self, TenantDelete.self])
}
