import Foundation
import MartletTestSupport

/// A file system of its own, so small that it fills up. Only root can mount one.
struct TinyDisk {
  let path: String
  /// Lives as long as what is mounted in it.
  private let folder: ScratchFolder

  /// Whether this machine lets us.
  static let isAvailable: Bool = {
    guard let disk = try? TinyDisk(in: ScratchFolder(), kilobytes: 64) else { return false }
    disk.remove()
    return true
  }()

  init(in folder: ScratchFolder, kilobytes: Int) throws {
    self.folder = folder
    path = folder.newPath()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard geteuid() == 0, Self.run("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path) else {
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  /// Makes the disk read-only, or writable again.
  func setReadOnly(_ isReadOnly: Bool) -> Bool { Self.run("mount", "-o", "remount,\(isReadOnly ? "ro" : "rw")", path) }

  func remove() { _ = Self.run("umount", path) }

  private static func run(_ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
