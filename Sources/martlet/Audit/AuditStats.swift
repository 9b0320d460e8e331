import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet audit stats`.
struct AuditStats: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "How much is called, how often it fails and how long it takes.",
    discussion: """
      Durations are read off a histogram: p50, p95 and p99 lie between the same two of its bounds as the true ones,
      and are exact for one call alone. A name * stands for all that
      were too many to be told apart.

      Examples:
        martlet audit stats --since 7d --by server,tool
        martlet audit stats --since 2h --step minute --by client --json
      """)

  @Option(help: "How far back, 1m to 400d.")
  var since = "24h"

  @Option(help: "What is told apart, with commas: tenant, server, tool, client.")
  var by = "server"

  @Option(help: "minute, hour, or whole: one sum for all.")
  var step = "whole"

  @Option(help: "Only this tenant.")
  var tenant: String?

  @Option(help: "At most so many sums, 1 to 10000.")
  var limit = 1_000

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be 1 to 10000") }
    guard DurationText.parse(since) != nil else { throw ValidationError("--since must be a number with a unit: 24h") }
    _ = try order()
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      var query = try order().query(at: installation.clock.now())
      query.tenant = tenant.map { TenantID($0) }
      let sums = try await installation.store.callSums(query)
      if options.json {
        Terminal.out(.array(sums.map { .object($0.json(by: query.dimensions)) }))
      } else if sums.isEmpty {
        Terminal.out("Nothing was called in that time.")
      } else {
        Terminal.table(Self.head, sums.map(row))
      }
    }
  }

  private static let head = [
    "from", "tenant", "server", "tool", "client", "calls", "refused", "failed", "mean", "p50", "p95", "p99",
  ]

  private func row(_ sum: CallSum) -> [String] {
    let durations = sum.durations
    let mean = durations.count > 0 ? "\((durations.sum / durations.count).milliseconds) ms" : ""
    let parts = [0.5, 0.95, 0.99].map { part in durations.quantile(part).map { "\($0.milliseconds) ms" } ?? "" }
    return [
      sum.start.text, sum.key.tenant.string, sum.server, sum.key.tool.string, sum.key.client.string, "\(sum.calls)",
      "\(sum.refused)", "\(sum.failed)", mean,
    ] + parts
  }

  private func order() throws -> CallSumOrder {
    do { return try CallSumOrder(since: DurationText.parse(since), step: step, by: by, limit: limit) } catch {
      throw ValidationError("\(error)")
    }
  }
}
