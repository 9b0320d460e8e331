import Foundation
import StrictCoding

/// Where people and scripts read: standard output for answers, standard error for trouble.
enum Terminal {
  static func out(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Array((text + "\n").utf8)) }

  static func error(_ text: String) { try? FileHandle.standardError.write(contentsOf: Array((text + "\n").utf8)) }

  static func out(_ value: JSONValue) { out(String(decoding: JSONWriter.write(value, pretty: true), as: UTF8.self)) }

  /// One value on one line, for scripts that read as it comes.
  static func line(_ value: JSONValue) {
    try? FileHandle.standardOutput.write(contentsOf: JSONWriter.write(value) + [0x0A])
  }

  /// One line a row, columns aligned. Cells may hold what strangers chose, so they are made fit for a terminal here.
  static func table(_ head: [String], _ rows: [[String]]) {
    let cells = ([head] + rows).map { $0.map { PlainText.sanitized($0.isEmpty ? "-" : $0, limit: 120) } }
    let widths = head.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    for row in cells {
      let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = padded.joined(separator: "  ")
      out(String(line.reversed().drop { $0 == " " }.reversed()))
    }
  }

  /// The first line of standard input, as bytes.
  static func firstLine(limit: Int = 4096) -> [UInt8] {
    let bytes = (try? FileHandle.standardInput.read(upToCount: limit)).flatMap { $0 } ?? Data()
    let line = bytes.prefix { $0 != 0x0A }
    return Array(line.last == 0x0D ? line.dropLast() : line)
  }
}
