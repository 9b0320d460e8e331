import ArgumentParser
import MartletDomain
import MartletIdentity

extension SigningKeyUse: ExpressibleByArgument {}

/// `martlet signing-key rotate`.
struct SigningKeyRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Add a key; no valid token is refused because of it.",
    discussion: """
      The new key is published at once and signs after 10 minutes, when every cache knows it. The old one stays published
      until the last token that it signed has expired. `martlet serve` does the same on its own after
      tokens.signing_key_ttl.

      Examples:
        martlet signing-key rotate
        martlet signing-key rotate --use assertion
      """)

  @Option(help: "access_token or assertion.")
  var use = SigningKeyUse.accessToken

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      try await installation.signingKeys.load()
      let key = try await installation.rotateSigningKey(use, by: Asker())
      if options.json {
        Terminal.out(["kid": .string(key), "use": .string(use.rawValue)])
      } else {
        Terminal.out("The key \(key) was added; `martlet signing-key list` shows from when it signs.")
      }
    }
  }
}
