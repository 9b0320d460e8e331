import Foundation
import MartletDomain
import Synchronization

/// The trail as JSON lines in a file that only its owner can read.
public final class FileSink: TrailSink {
  /// When the file is synced.
  public enum Syncing: String, Sendable, CaseIterable {
    /// Before the next records are read: what counts as told has reached the disk.
    case batch
    /// Whenever the system likes: a loss of power may cost records that count as told.
    case never
  }

  private let path: String
  private let syncing: Syncing
  private let descriptor = Mutex<CInt?>(nil)

  /// Names a file; its folder has to exist.
  public init(path: String, syncing: Syncing) {
    self.path = path
    self.syncing = syncing
  }

  /// `file:` and the path.
  public var name: String { Self.name(path) }

  /// How the sink of a path is named.
  public static func name(_ path: String) -> String { "file:\(path)" }

  /// Adds lines to the end.
  public func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure) {
    var bytes: [UInt8] = []
    for placed in records { bytes += placed.record.line }
    let failure = descriptor.withLock { descriptor -> CInt? in
      if descriptor == nil { descriptor = openedAtALinesBeginning() }
      guard let file = descriptor else { return errno }
      guard write(bytes, to: file), syncing == .never || fsync(file) == 0 else {
        let code = errno
        Foundation.close(file)
        descriptor = nil
        return code
      }
      return nil
    }
    if let failure {
      throw TrailSinkFailure(
        "can't write to \(path): \(String(cString: strerror(failure)))",
        advice: "Check that its folder exists, that Martlet's user may write there and that the disk has room.")
    }
  }

  /// Closes the file; the next records make a new one where it was moved away.
  public func reopen() async { await close() }

  /// Closes the file.
  public func close() async {
    descriptor.withLock { descriptor in
      if let file = descriptor { Foundation.close(file) }
      descriptor = nil
    }
  }

  /// Behind a line that was cut short a new one begins.
  private func openedAtALinesBeginning() -> CInt? {
    let file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { return nil }
    let end = lseek(file, 0, SEEK_END)
    var last: UInt8 = 0x0A
    if end > 0, pread(file, &last, 1, end - 1) == 1, last != 0x0A { _ = write([0x0A], to: file) }
    return file
  }

  private func write(_ bytes: [UInt8], to file: CInt) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
