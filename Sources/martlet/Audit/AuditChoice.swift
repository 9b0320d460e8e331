import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// Which records a command is about.
struct AuditChoice: ParsableArguments {
  @Option(help: "Of this tenant.")
  var tenant: String?

  @Option(help: ArgumentHelp("From then on: 24h for the last day, or 2026-07-28T09:30:00Z.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Before then, told as --since is.", valueName: "time"))
  var until: String?

  @Option(help: "Of this user: a login name, or an id.")
  var user: String?

  @Option(help: ArgumentHelp("Of this client.", valueName: "client-id"))
  var client: String?

  @Option(help: ArgumentHelp("At this server.", valueName: "name"))
  var server: String?

  @Option(
    help: ArgumentHelp("Of this kind, such as token.issued (docs/reference/audit-events.md).", valueName: "action"))
  var action: String?

  @Option(help: ArgumentHelp("About this tool, prompt or resource.", valueName: "name"))
  var target: String?

  func validate() throws {
    if let action, AuditAction(rawValue: action) == nil {
      throw ValidationError("there is no action \(action); docs/reference/audit-events.md lists them")
    }
    for (name, value) in [("--since", since), ("--until", until)] {
      if let value, AuditTime(value) == nil {
        throw ValidationError("\(name) must be an age such as 90s, 2m, 1h, 30d, or a time such as 2026-07-28T09:30:00Z")
      }
    }
  }

  func filter(_ installation: Installation) async throws -> AuditFilter {
    let now = installation.clock.now()
    var filter = AuditFilter()
    filter.tenant = tenant.map { TenantID($0) }
    filter.since = since.flatMap { AuditTime($0)?.before(now) }
    filter.until = until.flatMap { AuditTime($0)?.before(now) }
    filter.subject = if let user { try await RevocationSubject(user: user, installation).subject } else { nil }
    filter.client = client.map { ClientID($0) }
    filter.route = server.map { $0.utf8.first == 0x2F ? $0 : "/\($0)/mcp" }
    filter.action = action.flatMap { AuditAction(rawValue: $0) }
    filter.target = target
    return filter
  }
}
