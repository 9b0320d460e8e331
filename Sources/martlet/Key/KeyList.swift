import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet key list`.
struct KeyList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "API keys, without the keys themselves.",
    discussion: """
      Ended keys are listed for 30 days with --all.

      Examples:
        martlet key list --owner ada
        martlet key list --all --json
      """)

  @Option(help: "Only this owner's: a login name, a service account or a user's id.")
  var owner: String?

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Flag(help: "Ended ones, too.")
  var all = false

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let now = installation.clock.now()
      let user = try await installation.knownUser(ifNamed: owner)
      let keys = try await installation.store.apiKeys(
        APIKeyFilter(tenant: tenant.map { TenantID($0) }, owner: user?.id, liveAt: all ? nil : now)
      ).sorted { (ByteString($0.name), $0.createdAt) < (ByteString($1.name), $1.createdAt) }
      let names = try await installation.store.shownNames()
      if options.json {
        Terminal.out(
          .array(keys.map { .object(APIKeyJSON.object($0, owner: $0.owner.flatMap { names[$0] }, at: now)) }))
      } else if keys.isEmpty {
        Terminal.out("There are no keys. Make one: martlet key create NAME --owner USER")
      } else {
        Terminal.table(KeyWords.head, keys.map { KeyWords.row($0, names, at: now) })
      }
    }
  }
}
