import MartletDomain
import StrictCoding

/// How much is called, how often it fails and how long it takes.
struct AnalyticsOperations: Sendable {
  let on: AdminDependencies

  private static let sum = APISchema(
    "CallSum",
    [
      "start": "time", "tenant": "string", "server": "string", "tool": "string", "client_id": "string",
      "calls": "integer", "refused": "integer", "failed": "integer", "mean_ms": "integer", "p50_ms": "integer",
      "p95_ms": "integer", "p99_ms": "integer",
    ],
    optional: ["tenant", "server", "tool", "client_id", "mean_ms", "p50_ms", "p95_ms", "p99_ms"])

  var all: [APIOperation] { [read] }

  private var read: APIOperation {
    APIOperation(
      "analytics.read", "GET", "/api/analytics",
      "Calls, refusals, failures and durations, summed up by tenant, server, tool and client.",
      roles: APIRole.reading,
      query: [
        APIField("since", .duration(.zero...(.seconds(86_400) * 400)), "How far back, at most 400d; 24h without it."),
        APIField("step", .choice(CallSumStep.allCases.map(\.rawValue)), "minute, hour, or whole: one sum for all."),
        APIField(
          "by", .word(.some(of: CallSumQuery.Dimension.allCases.map(\.rawValue))),
          "What is told apart, with commas: tenant, server, tool, client. server without it."),
        APIField("tenant", .text(64), "Only this tenant."),
        APIField("limit", .count(1...10_000), "How many sums at most; 1000 without it."),
        APIField("cursor", .word(.cursor), "Where to go on, with the other parameters as before."),
      ], APISchema(listOf: Self.sum, as: "analytics")
    ) { request in
      let page = try APIPage(request, of: "analytics", on.installation.sealer)
      // The pages of a list are of one time.
      let (now, skipped) = Self.place(page.after) ?? (on.installation.clock.now(), 0)
      var query = try order(request).query(at: now)
      query.tenant = try tenant(request)
      query.skipped = skipped
      let sums = try await on.installation.store.callSums(query)
      let shown = sums.map { JSONValue.object($0.json(by: query.dimensions)) }
      let next = sums.count == query.limit ? "\(now.milliseconds) \(query.skipped + sums.count)" : nil
      return APIAnswer(200, ["analytics": .array(shown), "next_cursor": page.cursor(behind: next)])
    }
  }

  /// When the first page was asked for, and how many sums came before this one.
  private static func place(_ cursor: ByteString?) -> (Timestamp, Int)? {
    let numbers = cursor?.string.split(separator: " ").compactMap { Int64($0) } ?? []
    guard numbers.count == 2 else { return nil }
    return (Timestamp(milliseconds: numbers[0]), Int(clamping: numbers[1]))
  }

  private func order(_ request: APIRequest) throws -> CallSumOrder {
    do throws(CallSumOrderError) {
      return try CallSumOrder(
        // Sums are of minutes.
        since: request.duration("since").map { max($0, .seconds(60)) }, step: request.text("step"),
        by: request.text("by"),
        limit: request.count("limit"))
    } catch {
      throw APIProblem.invalid(error.description)
    }
  }

  private func tenant(_ request: APIRequest) throws -> TenantID? {
    guard let named = request.text("tenant").map({ TenantID($0) }) else { return request.caller.tenant }
    guard request.caller.sees(named) else { throw APIProblem.notFound }
    return named
  }
}
