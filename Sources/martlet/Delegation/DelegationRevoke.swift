import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet delegation revoke`.
struct DelegationRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a delegation back; what the job does under it ends, open streams too.",
    discussion: """
      Example:
        martlet delegation revoke dlg_…
      """)

  @Argument(help: "Its id, as `martlet delegation list` shows it.")
  var id: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      guard let found = try await installation.store.delegation(DelegationID(id)),
        found.isLive(at: installation.clock.now())
      else {
        throw CommandFailure(
          "there is no such delegation", advice: "`martlet delegation list` shows all of them.")
      }
      try await DelegationWords.failing { () throws(DelegationError) in
        try await installation.delegations.revoke([found], reason: "by_administrator", by: Asker())
      }
      if options.json { return Terminal.out(["id": .string(id), "state": "revoked"]) }
      Terminal.out("The delegation was taken back.")
    }
  }
}
