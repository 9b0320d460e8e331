import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet secret status`.
struct SecretStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Which keys there are, and how much is sealed under each.",
    discussion: """
      Example:
        martlet secret status
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let status = try await SecretStatus(installation)
      if options.json { return Terminal.out(.object(status.json)) }
      Terminal.table(["kind", "tenant", "key", "made", "state", "seals"], status.keys.map(Self.row))
      for use in status.lost {
        Terminal.out("\(use.count) × \(use.kind) can't be opened: the key \(use.key) isn't here.")
      }
      if let rotation = status.rotation {
        Terminal.out(
          "A rotation is under way since \(rotation.begunAt.text). A running `martlet serve` brings it to its end, and so "
            + "does `martlet secret rotate --wait`.")
      }
    }
  }

  private static func row(_ key: SecretStatus.Key) -> [String] {
    let seals = key.uses.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return [
      key.kind, key.tenant?.string ?? "", key.name, key.createdAt?.text ?? "",
      key.isNewest ? "in use" : "until nothing is sealed under it", seals,
    ]
  }
}
