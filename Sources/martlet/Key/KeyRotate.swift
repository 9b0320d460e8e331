import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer

/// `martlet key rotate`.
struct KeyRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Make a new key of the same name; both work until the grace is over.",
    discussion: """
      Example:
        martlet key rotate production-v2 --grace 24h
      """)

  @Argument(help: "The key's name.")
  var name: String

  @Option(help: "Its owner, where several owners have a key of that name.")
  var owner: String?

  @Option(help: ArgumentHelp("How long the key before goes on; 0s ends it at once.", valueName: "duration"))
  var grace = "24h"

  @Option(
    help: ArgumentHelp("How long the new key lives; by default as long as the one before.", valueName: "duration"))
  var expiresIn: String?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    _ = try DurationText.parse(grace, option: "--grace")
    if let expiresIn { _ = try DurationText.parse(expiresIn, option: "--expires-in") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let user = try await installation.knownUser(ifNamed: owner)
      let grace = try DurationText.parse(grace, option: "--grace")
      let life = try expiresIn.map { try DurationText.parse($0, option: "--expires-in") }
      let made = try await KeyWords.failing { () throws(APIKeyError) in
        let key = try await installation.apiKeys.newest(named: name, tenant: nil, owner: user?.id)
        return try await installation.apiKeys.rotate(key, grace: grace, lifetime: life, by: Asker())
      }
      KeyWords.show(made, "The key was rotated; the one before works for \(self.grace) more.", asJSON: options.json)
    }
  }
}
