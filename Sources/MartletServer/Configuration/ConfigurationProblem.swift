/// One thing that is wrong with a configuration, and what to do about it.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
  /// Where, as keys joined by dots: `servers.time.url`.
  public let path: String
  /// The line in the file, from 1: of the key, or of its section where the key is missing; `nil` at the top.
  public let line: Int?
  /// What is wrong.
  public let message: String
  /// What to write instead.
  public let hint: String?

  /// Describes a problem.
  public init(path: String, line: Int?, message: String, hint: String? = nil) {
    self.path = path
    self.line = line
    self.message = message
    self.hint = hint
  }

  /// One line for a person.
  public var description: String {
    let place = line.map { "\(path) (line \($0))" } ?? path
    return hint.map { "\(place): \(message); \($0)" } ?? "\(place): \(message)"
  }
}

/// Everything that is wrong with a configuration, all at once.
public struct ConfigurationProblems: Error, Sendable, CustomStringConvertible {
  /// The problems, in the order of the file.
  public let problems: [ConfigurationProblem]

  /// Collects problems.
  public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  /// One line for each problem.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
