import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet key create`.
struct KeyCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make an API key; it is shown this once.",
    discussion: """
      Examples:
        martlet key create production-v2 --owner ada --expires-in 30d
        martlet key create nightly --owner robot --server time --tool 'get_*' --json
        martlet key create ci --read-only --address 192.0.2.0/24
      """)

  @Argument(help: "What its owner calls it: 1 to 64 of A-Z, a-z, 0-9 and . _ -")
  var name: String

  @Option(help: "Whose it is: a login name, a service account or a user's id. By default it acts for itself.")
  var owner: String?

  @Option(help: "The tenant of a key without an owner.")
  var tenant: String?

  @Option(help: ArgumentHelp("How long it lives, at most 365d.", valueName: "duration"))
  var expiresIn = "90d"

  @Option(
    help: ArgumentHelp("A server that it opens; repeatable. By default all that its owner may have.", valueName: "name")
  )
  var server: [String] = []

  @Option(
    help: ArgumentHelp(
      "A tool that it may call, * stands for anything; repeatable. By default all.", valueName: "pattern"))
  var tool: [String] = []

  @Flag(help: "Only tools that change nothing may be called.")
  var readOnly = false

  @Option(help: ArgumentHelp("Where it may be used from; repeatable. By default anywhere.", valueName: "range"))
  var address: [String] = []

  @Option(
    help: ArgumentHelp("The delegation under which it acts for a user; its owner is the job.", valueName: "id"))
  var delegation: String?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    if owner != nil, tenant != nil { throw ValidationError("a key with an owner is of the owner's tenant") }
    if let tenant, !TenantName.isValid(tenant) { throw ValidationError("--tenant must be \(TenantName.rule)") }
    _ = try DurationText.parse(expiresIn, option: "--expires-in")
  }

  func run() async throws {
    try await options.withInstallation(isNewWelcome: true) { installation, configuration in
      try ServerNames.check(server, configuration)
      let user = try await installation.knownUser(ifNamed: owner)
      let scope = KeyScope(
        servers: server.isEmpty ? nil : Set(server.map { ServerName($0) }),
        tools: tool.isEmpty ? nil : tool.map { ToolPattern($0) }, isReadOnly: readOnly,
        addresses: address.isEmpty ? nil : address)
      let order = APIKeys.Order(
        name: name, tenant: user?.tenant ?? TenantID(tenant ?? "default"), owner: user?.id, scope: scope,
        lifetime: try DurationText.parse(expiresIn, option: "--expires-in"),
        delegation: delegation.map { DelegationID($0) })
      let made = try await KeyWords.failing { () throws(APIKeyError) in
        try await installation.apiKeys.create(order, by: Asker())
      }
      KeyWords.show(made, "The key was made.", asJSON: options.json)
    }
  }
}
