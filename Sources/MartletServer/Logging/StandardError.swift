import Foundation
import Synchronization

/// The process's standard error.
///
/// Nobody waits for whoever reads it: where that is a pipe that is full, because a pager or a collector of logs stands
/// still, lines are left out, and how many is said when there is room again.
enum StandardError {
  private static let leftOut = Mutex(0)
  /// How long a line waits for its reader, while none was left out before.
  private static let patience: CInt = 100
  /// What a pipe that has any room takes without making its writer wait (pipe(7)).
  private static let piece = 4096

  /// Writes bytes in one piece; nobody can be told when that fails.
  @Sendable static func write(_ bytes: [UInt8]) { write(bytes, to: STDERR_FILENO) }

  static func write(_ bytes: [UInt8], to descriptor: CInt) {
    leftOut.withLock { leftOut in
      guard hasRoom(descriptor, within: leftOut > 0 ? 0 : patience) else {
        leftOut += 1
        return
      }
      if leftOut > 0 {
        put(Array("(\(leftOut) lines are missing here: nobody took them)\n".utf8), to: descriptor)
        leftOut = 0
      }
      put(bytes, to: descriptor)
    }
  }

  private static func put(_ bytes: [UInt8], to descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty, hasRoom(descriptor, within: patience) {
      let count = rest.prefix(piece).withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  private static func hasRoom(_ descriptor: CInt, within milliseconds: CInt) -> Bool {
    var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&question, 1, milliseconds) > 0
  }
}
