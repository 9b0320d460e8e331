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

  /// Whether the other is this one with more written to its log: at its end, or over what a checkpoint has done with.
  func isContinued(by later: CrashCopy) -> Bool {
    later.log.count >= log.count && later.log != log && later.database == database
  }

  /// This one with what was written next cut off at a place, with some bytes of anything behind the cut.
  ///
  /// - Parameters:
  ///   - later: What it would have become.
  ///   - share: Where it is cut: 0 before the first new byte, 1 behind the last.
  ///   - noise: What a sector may hold that was being written.
  func torn(in later: CrashCopy, at share: Double, noise: [UInt8]) -> CrashCopy {
    let start = zip(log, later.log).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? log.count
    let cut = start + Int(Double(later.log.count - start) * share)
    var copy = later
    copy.log = later.log[..<cut] + (cut < log.count ? Array(log[cut...]) : [])
    copy.log.replaceSubrange(cut..<min(cut + noise.count, copy.log.count), with: noise)
    return copy
  }

  func write(to path: String) throws {
    try Data(database).write(to: URL(fileURLWithPath: path))
    try Data(log).write(to: URL(fileURLWithPath: path + "-wal"))
  }
}
