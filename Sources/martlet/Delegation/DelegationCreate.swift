import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet delegation create`.
struct DelegationCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Let a job use servers in a user's name, for a time.",
    discussion: """
      The job needs a key that names the delegation. With it, it may do what the user, the job and the delegation all may.

      Example:
        martlet delegation create --user ada --job nightly --server github --tool 'get_*' --expires-in 30d
        martlet key create for-ada --owner nightly --delegation dlg_…
      """)

  @Option(help: "Who lets: a login name or a user's id.")
  var user: String

  @Option(help: "Whom: a service account of the same tenant.")
  var job: String

  @Option(help: ArgumentHelp("A server; repeatable.", valueName: "name"))
  var server: [String]

  @Option(
    help: ArgumentHelp("A tool, * stands for anything; repeatable. By default all.", valueName: "pattern"))
  var tool: [String] = []

  @Option(help: ArgumentHelp("For how long, at most 365d.", valueName: "duration"))
  var expiresIn = "30d"

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      try ServerNames.check(server, configuration)
      guard let user = try await installation.knownUser(ifNamed: user) else { return }
      let order = Delegations.Order(
        user: user, job: job, servers: Set(server.map { ServerName($0) }),
        tools: tool.isEmpty ? nil : tool.map { ToolPattern($0) },
        lifetime: try DurationText.parse(expiresIn, option: "--expires-in"))
      let made = try await DelegationWords.failing { () throws(DelegationError) in
        try await installation.delegations.create(
          order, among: configuration.servers(of: user.tenant), by: Asker())
      }
      let names = try await installation.store.shownNames()
      if options.json {
        return Terminal.out(.object(DelegationJSON.object(made, names: names, at: made.createdAt)))
      }
      Terminal.out("The delegation was made.")
      Terminal.out("  id     \(made.id)")
      Terminal.out("  ends   \(made.expiresAt.text)")
      Terminal.out("Now: martlet key create NAME --owner \(job) --delegation \(made.id)")
    }
  }
}

/// What the commands about delegations have in common.
enum DelegationWords {
  @discardableResult
  static func failing<Answer>(_ work: () async throws(DelegationError) -> Answer) async throws -> Answer {
    do { return try await work() } catch {
      if case .store(let error) = error { throw error }
      throw CommandFailure(error.description, advice: "See `martlet delegation create --help`.")
    }
  }
}
