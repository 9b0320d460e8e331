import Foundation
import Synchronization

/// A folder that is gone when its test ends.
final class ScratchFolder: Sendable {
  let path: String
  private let next = Atomic<Int>(0)

  init() throws {
    path = NSTemporaryDirectory() + "/martlet-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in the folder at which there is nothing yet.
  func newPath() -> String { "\(path)/store-\(next.wrappingAdd(1, ordering: .relaxed).newValue).db" }
}
