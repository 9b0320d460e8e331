import ArgumentParser

/// `martlet client …`.
struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Programs that may ask for tokens.",
    discussion: "Most clients register themselves; this is for those that can't, and for machines.",
    subcommands: [ClientAdd.self, ClientList.self, ClientRemove.self])
}
