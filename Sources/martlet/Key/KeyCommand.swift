import ArgumentParser

/// `martlet key …`.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "API keys, for clients that can't log in.",
    discussion: """
      A key goes into `Authorization: Bearer mrt_key_…` or `X-API-Key: mrt_key_…`. It acts for its owner, a user or a \
      service account (`martlet user add NAME --service`); without an owner it acts for itself.
      """,
    subcommands: [KeyCreate.self, KeyList.self, KeyRotate.self, KeyRevoke.self])
}
