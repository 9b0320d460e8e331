import Foundation
import MartletServer

/// Which configuration a command works with.
enum ConfigurationChoice {
  private static let usual = "martlet.yaml"

  /// The named file, or `martlet.yaml` where it exists, or none.
  static func file(named name: String?) -> String? {
    name ?? (FileManager.default.fileExists(atPath: usual) ? usual : nil)
  }
}
