import Foundation

/// The process's standard error.
enum StandardError {
  /// Writes bytes in one piece; nobody can be told when that fails.
  @Sendable static func write(_ bytes: [UInt8]) { try? FileHandle.standardError.write(contentsOf: bytes) }
}
