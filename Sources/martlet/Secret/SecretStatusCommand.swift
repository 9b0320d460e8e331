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
      if options.json { return Terminal.out(Self.json(status)) }
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

  private static func json(_ status: SecretStatus) -> JSONValue {
    [
      "rotation": status.rotation.map { rotation in
        [
          "begun_at": .string(rotation.begunAt.text), "master_key": .bool(rotation.masterKey != nil),
          "data_keys": .bool(rotation.replacesDataKeys),
        ]
      } ?? .null,
      "keys": .array(status.keys.map(json)), "lost": .array(status.lost.map(json)),
    ]
  }

  private static func json(_ key: SecretStatus.Key) -> JSONValue {
    [
      "kind": .string(key.kind), "tenant": key.tenant.map { .string($0.string) } ?? .null, "key": .string(key.name),
      "created_at": key.createdAt.map { .string($0.text) } ?? .null, "in_use": .bool(key.isNewest),
      "seals": .array(key.uses.map(json)),
    ]
  }

  private static func json(_ use: SealedUse) -> JSONValue {
    [
      "kind": .string(use.kind), "key": .string(use.key), "count": .integer(Int64(use.count)),
      "ends_at": use.endsAt.map { .string($0.text) } ?? .null,
    ]
  }
}
