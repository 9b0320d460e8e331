import Foundation
import MartletTestSupport

@testable import MartletServer

/// A folder with the files that a configuration names, gone at the end.
final class ConfigurationFolder: Sendable {
  private let scratch = ScratchFolder()
  var path: String { scratch.path }

  init(_ files: [String: String] = [:]) throws {
    for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
  }

  func parse(_ text: String, variables: [String: String] = [:]) throws(ConfigurationProblems) -> Configuration {
    try ConfigurationFile.parse(text, environment: ConfigurationEnvironment(variables: variables, folder: path))
  }

  /// The problems of a text, one line each; empty when it is fine.
  func problems(_ text: String, variables: [String: String] = [:]) -> [String] {
    do {
      _ = try parse(text, variables: variables)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}
