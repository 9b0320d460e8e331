import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet key revoke`.
struct KeyRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "End a key and those that it replaced; open streams end, too.",
    discussion: """
      Every running Martlet on this data folder refuses it within a second.

      Example:
        martlet key revoke production-v2
      """)

  @Argument(help: "The key's name.")
  var name: String

  @Option(help: "Its owner, where several owners have a key of that name.")
  var owner: String?

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let user = try await installation.knownUser(ifNamed: owner)
      let count = try await KeyWords.failing { () throws(APIKeyError) in
        let key = try await installation.apiKeys.newest(named: name, tenant: nil, owner: user?.id)
        return try await installation.apiKeys.revoke([key], reason: "by_administrator", by: Asker())
      }
      if options.json {
        Terminal.out(["name": .string(name), "keys_revoked": .number(JSONNumber(Int64(count)))])
      } else {
        Terminal.out("The key \(name) was revoked (\(count) keys).")
      }
    }
  }
}
