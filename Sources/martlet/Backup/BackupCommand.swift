import ArgumentParser
import MartletServer
import StrictCoding

/// `martlet backup`.
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy everything that lasts into one sealed file, while Martlet runs.",
    discussion: """
      The file is sealed under data_dir/master.key, which isn't in it: keep a copy of that key somewhere else. Take
      audit-anchors.jsonl along; it isn't in it either.

      Example:
        martlet backup /mnt/backup/martlet-2026-07-28
      """)

  @Argument(help: ArgumentHelp("Where to; there must be no such file.", valueName: "file"))
  var file: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await CommandFailure.translating {
      let configuration = try await options.openable()
      let made = try await Backup.make(
        dataDirectory: configuration.dataDirectory, masterKey: configuration.masterKey, to: file)
      if options.json {
        Terminal.out([
          "file": .string(file), "created_at": .string(made.createdAt.text), "key": .string(made.keyName),
          "bytes": .number(JSONNumber(Int64(made.bytes.count))),
        ])
      } else {
        Terminal.out(
          "Wrote \(PlainText.sanitized(file)), \(made.bytes.count) bytes, sealed under the key \(made.keyName).")
      }
    }
  }
}
