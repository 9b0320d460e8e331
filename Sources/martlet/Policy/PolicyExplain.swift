import ArgumentParser
import MartletServer
import StrictCoding

/// `martlet policy explain`.
struct PolicyExplain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say whether a call would be allowed, by which rule, and why not by the others.",
    discussion: """
      Example:
        martlet policy explain --user alice --call github/delete_repo --args '{"repo": "site"}'
      """)

  @OptionGroup var question: PolicyQuestionOptions

  func run() async throws {
    try await question.answer { answer in
      question.options.json ? Terminal.out(Self.json(answer)) : show(answer)
    }
  }

  private func show(_ answer: PolicyInquiry.Answer) {
    let who = question.user ?? question.client ?? ""
    let by = answer.rule.map { "by the rule \($0)" } ?? answer.otherwise ?? ""
    let may = answer.isAllowed || answer.needsApproval ? "may" : "may not"
    let once = answer.needsApproval ? " once somebody approves" : ""
    Terminal.out("\(who) \(may) call \(question.call)\(once): \(by).")
    if answer.asksForAnnotations, question.annotations == nil {
      Terminal.out("Rules ask what the tool says of itself; it was taken to say nothing (--annotations).")
    }
    if answer.leavesToEngine { Terminal.out(PolicyWords.engine) }
    guard !answer.rules.isEmpty else { return }
    Terminal.out("")
    Terminal.table(
      ["RULE", "EFFECT", "HERE"], answer.rules.map { [$0.name, $0.effect, Self.words[$0.standing] ?? $0.standing] })
  }

  private static let words = [
    "applied": "applies", "other_server": "is about other servers", "other_caller": "is about other callers",
    "other_object": "is about something else", "other_conditions": "its conditions don't hold",
  ]

  private static func json(_ answer: PolicyInquiry.Answer) -> JSONValue {
    [
      "allowed": .bool(answer.isAllowed), "effect": .string(answer.effect),
      "rule": answer.rule.map { .string($0) } ?? .null,
      "otherwise": answer.otherwise.map { .string($0) } ?? .null, "engine_decides_too": .bool(answer.leavesToEngine),
      "rules": .array(
        answer.rules.map {
          ["name": .string($0.name), "effect": .string($0.effect), "standing": .string($0.standing)]
        }),
    ]
  }
}
