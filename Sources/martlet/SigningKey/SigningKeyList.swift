import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet signing-key list`.
struct SigningKeyList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Every key that is published at /jwks, oldest first.",
    discussion: """
      Example:
        martlet signing-key list
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let keys = try await installation.store.signingKeys(at: installation.clock.now())
      if options.json {
        Terminal.out(.array(keys.map(Self.json)))
      } else if keys.isEmpty {
        Terminal.out("There are no keys yet; `martlet serve` makes them at its first start.")
      } else {
        Terminal.table(["key", "use", "published", "signs from", "retires"], keys.map(Self.row))
      }
    }
  }

  private static func row(_ key: SigningKeyRecord) -> [String] {
    [key.id, key.use.rawValue, key.createdAt.text, key.activatesAt.text, key.retiresAt?.text ?? ""]
  }

  private static func json(_ key: SigningKeyRecord) -> JSONValue {
    [
      "kid": .string(key.id), "use": .string(key.use.rawValue), "created_at": .string(key.createdAt.text),
      "activates_at": .string(key.activatesAt.text), "retires_at": key.retiresAt.map { .string($0.text) } ?? .null,
    ]
  }
}
