import ArgumentParser
import MartletDomain

/// `martlet connection show`.
struct ConnectionShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "All that is known of one account, but its tokens.",
    discussion: """
      Example:
        martlet connection show github --user ada
      """)

  @OptionGroup var choice: ConnectionChoice

  func run() async throws {
    try await choice.options.withInstallation { installation, _ in
      let names = try await ConnectionNames(installation.store)
      let key = try choice.key(names)
      guard let connection = try await installation.store.connection(key) else { throw choice.nothingThere }
      if choice.options.json {
        Terminal.out(.object(ConnectionText.json(connection, names)))
      } else {
        for (name, value) in ConnectionText.lines(connection, names) { Terminal.out("\(name): \(value)") }
      }
    }
  }
}
