import ArgumentParser
import MartletServer
import StrictCoding

/// `martlet policy check`.
struct PolicyCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether the policy of the file is valid, with all problems at once.",
    discussion: """
      Example:
        martlet policy check --config martlet.yaml
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await CommandFailure.translating {
      let summary = try options.configuration().policySummary
      guard !options.json else {
        return Terminal.out([
          "valid": true, "rules": .integer(Int64(summary?.rules ?? 0)),
          "default": .string(summary?.isAllowedByDefault ?? true ? "allow" : "deny"),
        ])
      }
      guard let summary else { return Terminal.out("There is no policy: every user may do everything.") }
      let rules = summary.rules == 1 ? "1 rule" : "\(summary.rules) rules"
      let otherwise = summary.isAllowedByDefault ? "allowed" : "denied"
      Terminal.out("The policy is valid: \(rules); what none speaks of is \(otherwise).")
    }
  }
}
