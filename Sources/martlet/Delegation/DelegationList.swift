import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet delegation list`.
struct DelegationList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Which jobs act for whom.",
    discussion: """
      Example:
        martlet delegation list --user ada
      """)

  @Option(help: "Only this user's: a login name or an id.")
  var user: String?

  @Flag(help: "Ended ones, too.")
  var all = false

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let now = installation.clock.now()
      let user = try await installation.knownUser(ifNamed: user)
      let found = try await installation.store.delegations(
        DelegationFilter(user: user?.id, liveAt: all ? nil : now))
      let names = try await installation.store.shownNames()
      if options.json {
        Terminal.out(.array(found.map { .object(DelegationJSON.object($0, names: names, at: now)) }))
      } else if found.isEmpty {
        Terminal.out("No job acts for anybody. Let one: martlet delegation create --user U --job J --server S")
      } else {
        Terminal.table(
          ["id", "job", "for user", "tenant", "may use", "state", "ends"],
          found.map { one in
            [
              one.id.string, names[one.job] ?? one.job.string, names[one.user] ?? one.user.string, one.tenant.string,
              DelegationJSON.words(one), DelegationJSON.state(one, at: now), one.expiresAt.text,
            ]
          })
      }
    }
  }
}
