import Foundation

/// What a power cut may leave of a database: its file and its log, taken while no commit is under way.
///
/// Database and log have to be of one instant, so they are copied between two writes; what a cut in the middle of a
/// write leaves is made from that by cutting the log short, or by mixing pages of before and after a checkpoint.
struct CrashCopy {
  var database: [UInt8]
  var log: [UInt8]

  init(of path: String) throws {
    database = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    log = try Array(Data(contentsOf: URL(fileURLWithPath: path + "-wal")))
  }

  /// Whether the other is this one with more written at the end of its log.
  func isContinued(by later: CrashCopy) -> Bool {
    later.log.count > log.count && later.log.starts(with: log) && later.database == database
  }

  func write(to path: String) throws {
    try Data(database).write(to: URL(fileURLWithPath: path))
    try Data(log).write(to: URL(fileURLWithPath: path + "-wal"))
  }
}
