import ArgumentParser
import StrictCoding

/// `martlet policy test`.
struct PolicyTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Say whether a call would be allowed: exit code 0 for yes, 1 for no.",
    discussion: """
      A call that somebody has to approve of first "needs approval": exit code 1, as it wouldn't go through as it is.

      Example:
        martlet policy test --user alice --call github/delete_repo
      """)

  @OptionGroup var question: PolicyQuestionOptions

  func run() async throws {
    try await question.answer { answer in
      if question.options.json {
        Terminal.out([
          "allowed": .bool(answer.isAllowed), "effect": .string(answer.effect),
          "rule": answer.rule.map { .string($0) } ?? .null, "engine_decides_too": .bool(answer.leavesToEngine),
        ])
      } else {
        if answer.leavesToEngine { Terminal.error(PolicyWords.engine) }
        Terminal.out(answer.needsApproval ? "needs approval" : answer.isAllowed ? "allowed" : "denied")
      }
      if !answer.isAllowed { throw ExitCode(1) }
    }
  }
}
