import Synchronization

/// Collects problems while sections are read, so that all of them are told at once.
final class ProblemCollector: Sendable {
  private let found = Mutex<[ConfigurationProblem]>([])

  func add(_ problem: ConfigurationProblem) { found.withLock { $0.append(problem) } }

  var problems: [ConfigurationProblem] { found.withLock { $0.sorted { ($0.line ?? 0) < ($1.line ?? 0) } } }
}
