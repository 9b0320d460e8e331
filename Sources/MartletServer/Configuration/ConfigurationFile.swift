import Foundation
import MartletDomain
import OAuthProtocol
import Yams

/// Reads configuration files.
public enum ConfigurationFile {
  /// Reads and checks a file, and fetches the secrets that managers keep.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - remote: Remembers what was fetched.
  /// - Throws: Every problem, all at once.
  public static func load(
    _ path: String, fetching remote: RemoteSecrets
  ) async throws(ConfigurationProblems) -> Configuration {
    remote.begin()
    do throws(ConfigurationProblems) {
      let configuration = try load(path, remote: remote)
      if !remote.isUsed { return configuration }
    } catch {
      // What is wrong beside secrets that nobody fetched so far is found again.
      if !remote.isUsed { throw error }
    }
    _ = await remote.fetch()
    return try load(path, remote: remote)
  }

  /// Reads and checks a file.
  ///
  /// - Parameters:
  ///   - path: Where it is.
  ///   - variables: Environment variables, for secrets.
  ///   - requiresSecrets: Whether a secret that can't be read is a problem.
  /// - Throws: Every problem, all at once.
  public static func load(
    _ path: String, variables: [String: String] = ProcessInfo.processInfo.environment, requiresSecrets: Bool = true
  ) throws(ConfigurationProblems) -> Configuration {
    try load(path, variables: variables, requiresSecrets: requiresSecrets, remote: nil)
  }

  private static func load(
    _ path: String, variables: [String: String] = ProcessInfo.processInfo.environment, requiresSecrets: Bool = true,
    remote: RemoteSecrets?
  ) throws(ConfigurationProblems) -> Configuration {
    guard var data = FileManager.default.contents(atPath: path) else {
      throw ConfigurationProblems([
        ConfigurationProblem(
          path: path, line: nil, message: "can't read the configuration file",
          hint: "check the path, or start without a file: martlet serve --upstream http://127.0.0.1:9001/mcp")
      ])
    }
    // Editors put it before what they write, as YAML 1.2 §5.2 lets them.
    if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = data.dropFirst(3) }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ConfigurationProblems([ConfigurationProblem(path: path, line: nil, message: "is not UTF-8 text")])
    }
    let folder = path.contains("/") ? (path as NSString).deletingLastPathComponent : "."
    var environment = ConfigurationEnvironment(
      variables: variables, folder: folder.isEmpty ? "/" : folder, requiresSecrets: requiresSecrets)
    environment.opensCertificates = true
    environment.remote = remote
    return try parse(text, environment: environment)
  }

  /// Reads and checks a text.
  public static func parse(_ text: String, environment: ConfigurationEnvironment) throws(ConfigurationProblems)
    -> Configuration
  {
    let problems = ProblemCollector()
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw ConfigurationProblems([syntaxProblem(error)])
    }
    let section = ConfigurationSection(root: root, problems: problems, environment: environment)
    let configuration = ConfigurationReader(root: section, environment: environment).read()
    guard problems.problems.isEmpty, let configuration else { throw ConfigurationProblems(problems.problems) }
    return configuration
  }

  private static func syntaxProblem(_ error: any Error) -> ConfigurationProblem {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return ConfigurationProblem(path: "the file", line: mark.line, message: "is not valid YAML: \(problem)")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { $0.description }.joined(separator: ", ")
      return ConfigurationProblem(
        path: "the file", line: context.mark.line, message: "has the same key twice: \(names)", hint: "keep one of them"
      )
    default: return ConfigurationProblem(path: "the file", line: nil, message: "is not valid YAML")
    }
  }
}
