import ArgumentParser
import MartletServer
import StrictCoding

/// `martlet policy check`.
struct PolicyCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether the policy of the file is valid, with all problems at once.",
    discussion: """
      With --replay the last calls in the trail are decided by it, to see what it would change before it is in force.

      Examples:
        martlet policy check --config martlet.yaml
        martlet policy check --config changed.yaml --data-dir ./data --replay 1000
      """)

  @Option(help: ArgumentHelp("Decide so many recorded calls anew, 1 to 20000.", valueName: "calls"))
  var replay: Int?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard replay.map({ (1...20_000).contains($0) }) ?? true else {
      throw ValidationError("--replay must be 1 to 20000")
    }
  }

  func run() async throws {
    if let replay { return try await run(replay: replay) }
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

  private func run(replay: Int) async throws {
    try await options.withInstallation { installation, configuration in
      let report = try await PolicyReplay(installation, configuration).run(last: replay)
      guard !options.json else { return Terminal.out(report.json) }
      let changed = report.changed.reduce(0) { $0 + $1.calls }
      let unclear = report.unclear.reduce(0) { $0 + $1.calls }
      Terminal.out(
        "Of the last \(report.calls) calls, \(changed) would be decided otherwise, and \(unclear) depending on what they said."
      )
      for (title, changes) in [("WOULD BE", report.changed), ("COULD BE", report.unclear)] where !changes.isEmpty {
        Terminal.out("")
        Terminal.table(
          ["CALLS", "CALL", "BY", "THROUGH", "WAS", title],
          changes.map { change, calls in
            [
              String(calls), "\(change.server)/\(change.target)", change.caller, change.client, change.was,
              change.becomes.joined(separator: " or "),
            ]
          })
      }
    }
  }
}
