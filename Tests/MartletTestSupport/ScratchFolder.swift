import Foundation
import Synchronization

/// A folder that is gone when its test ends. Where it couldn't be made, nothing can be put there.
public final class ScratchFolder: Sendable {
  /// Where it is.
  public let path: String
  private let next = Atomic<Int>(0)

  /// Makes a folder.
  public init() {
    path = NSTemporaryDirectory() + "/martlet-scratch-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in the folder at which there is nothing yet.
  public func newPath() -> String { "\(path)/\(next.wrappingAdd(1, ordering: .relaxed).newValue)" }
}
