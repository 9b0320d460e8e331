import Foundation

/// What a configuration may look at beside its own text.
public struct ConfigurationEnvironment: Sendable {
  /// Environment variables.
  public var variables: [String: String]
  /// The folder that relative paths start from.
  public var folder: String
  /// Whether a secret that can't be read is a problem. A command that needs none goes on without.
  public var requiresSecrets: Bool
  /// Where secrets come from that managers keep; `nil` where nobody fetches them.
  var remote: RemoteSecrets?
  /// Whether the listener's certificate and key are opened, not only read.
  public var opensCertificates = false

  /// Describes an environment.
  public init(
    variables: [String: String] = ProcessInfo.processInfo.environment, folder: String = ".",
    requiresSecrets: Bool = true
  ) {
    self.variables = variables
    self.folder = folder
    self.requiresSecrets = requiresSecrets
  }

  func resolve(_ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") { return path }
    return folder == "." ? path : "\(folder)/\(path)"
  }

  func read(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }
}
