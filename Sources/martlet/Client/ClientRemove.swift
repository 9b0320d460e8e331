import ArgumentParser
import MartletDomain
import StrictCoding

/// `martlet client remove`.
struct ClientRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a client and revoke its tokens.",
    discussion: """
      Example:
        martlet client remove nightly-5f0c2d9a81b3
      """)

  @Argument(help: ArgumentHelp("The client_id, as `martlet client list` shows it.", valueName: "client-id"))
  var client: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let id = ClientID(client)
      guard !configuration.clients.contains(where: { $0.id == id }) else {
        throw CommandFailure(
          "the client \(id) stands in the configuration file", advice: "Remove it there, under clients, and reload.")
      }
      guard let known = try await installation.store.client(id) else {
        throw CommandFailure(
          "there is no client \(PlainText.sanitized(client))", advice: "`martlet client list` shows all of them.")
      }
      let now = installation.clock.now()
      try await installation.audit.recordDurably(
        AuditEvent(at: now, action: .clientRemoved, tenant: known.tenant, client: id, reason: "by_administrator"))
      // First the client, so that it can't get new tokens while the old ones are taken away.
      _ = try await installation.store.removeClient(id)
      let revoked = try await installation.revoker.revoke(
        .client(id), event: AuditEvent(at: now, action: .tokenRevoked, client: id, reason: "client_removed"))
      if options.json {
        let count = JSONNumber(Int64(revoked.count))
        Terminal.out(["client_id": .string(client), "removed": true, "grants_revoked": .number(count)])
      } else {
        Terminal.out("The client \(id) was removed, and its tokens were revoked (\(revoked.count) grants).")
      }
    }
  }
}
