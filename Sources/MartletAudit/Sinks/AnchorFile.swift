import Foundation
import MartletDomain

/// Anchors as lines of a file. Each is written at once and synced; a file that was copied elsewhere is worth the most.
public struct AnchorFile: Sendable {
  /// The name in `data_dir`.
  public static let name = "audit-anchors.jsonl"

  /// Where.
  public let path: String

  /// Names a file; it needn't exist.
  public init(path: String) { self.path = path }

  /// Its anchors, oldest first; none where there is no file. A line that a crash cut short is passed over.
  public func read() throws -> [AuditAnchor] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return bytes.split(separator: 0x0A).compactMap { AuditAnchor(line: $0) }
  }

  /// Adds anchors to the end.
  public func append(_ anchors: [AuditAnchor]) throws {
    guard !anchors.isEmpty else { return }
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    defer { try? file.close() }
    let end = try file.seekToEnd()
    // Behind a line that was cut short a new one begins.
    var bytes: [UInt8] = []
    if end > 0 {
      try file.seek(toOffset: end - 1)
      if try file.read(upToCount: 1) != Data([0x0A]) { bytes.append(0x0A) }
    }
    for anchor in anchors { bytes += anchor.line }
    try file.write(contentsOf: Data(bytes))
    try file.synchronize()
  }
}
