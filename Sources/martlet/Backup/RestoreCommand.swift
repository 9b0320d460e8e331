import ArgumentParser
import Foundation
import MartletServer
import StrictCoding

/// `martlet restore`.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup into a data folder that has its master.key and no database.",
    discussion: """
      Access tokens from before are ended; clients refresh or log in again. Upstream accounts whose refresh token was redeemed
      after the backup are told as reauth_required (interrupted) when that shows. What was revoked, disabled or denied after
      the backup is in force no more: do it again.

      Example:
        martlet restore /mnt/backup/martlet-2026-07-28 --data-dir /var/lib/martlet
      """)

  @Argument(help: ArgumentHelp("What `martlet backup` wrote.", valueName: "file"))
  var file: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await CommandFailure.translating {
      guard let bytes = FileManager.default.contents(atPath: file) else {
        throw CommandFailure(
          "can't read \(PlainText.sanitized(file))", advice: "Check its name and who owns it.", code: 2)
      }
      guard let backup = BackupFile(bytes: Array(bytes)) else {
        throw CommandFailure(
          "\(PlainText.sanitized(file)) is not a backup", advice: "Name a file that `martlet backup` wrote.", code: 2)
      }
      let configuration = try await options.openable()
      let restored = try await Backup.restore(
        backup, to: configuration.dataDirectory, masterKey: configuration.masterKey)
      if options.json {
        Terminal.out([
          "created_at": .string(restored.createdAt.text), "users": .number(JSONNumber(Int64(restored.users))),
          "accounts": .number(JSONNumber(Int64(restored.accounts))),
        ])
      } else {
        Terminal.out(
          """
          Restored the state of \(restored.createdAt.text).
          Access tokens of \(restored.users) users were ended. \(restored.accounts) upstream accounts will be verified at their next refresh.
          Revocations, disabled users and changed rules since then are in force no more: do them again before you start Martlet.
          """)
      }
    }
  }
}
