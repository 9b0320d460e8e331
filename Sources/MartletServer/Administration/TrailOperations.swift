import MartletAudit
import MartletDomain
import StrictCoding

/// The trail and the flows in it, in the admin API.
struct TrailOperations: Sendable {
  let on: AdminDependencies

  private static let record = APISchema(
    "Record",
    [
      "at": "time", "action": "string", "tenant": "string", "flow": "string?", "request": "string?",
      "subject": "string?", "client_id": "string?", "route": "string?", "method": "string?", "target": "string?",
      "status": "integer?", "reason": "string?", "duration_ms": "integer?", "address": "string?", "key": "string?",
      "trace": "string?",
    ])
  private static let linked = APISchema(
    "LinkedRecord", ["sequence": "integer", "digest": "string", "record": "object"],
    nested: ["record": record.orNull])
  private static let flow = APISchema(
    "Flow",
    [
      "flow": "string", "started_at": "time", "ended_at": "time", "client_id": "string?", "route": "string?",
      "actions": "[string]",
    ])

  var all: [APIOperation] { [search, export, flows] }

  private var search: APIOperation {
    APIOperation(
      "audit.search", "GET", "/api/audit", "The records that fit, what was written last first.",
      roles: APIRole.reading,
      query: APIPage.fields + [
        APIField("since", .duration(.zero...(.seconds(86_400) * 3650)), "Not older than that, such as 24h."),
        APIField("until", .duration(.zero...(.seconds(86_400) * 3650)), "Older than that, such as 1h."),
        APIField("user", .text(256), "Of this user: a name or an id."),
        APIField("client", .text(2048), "Of this client."), APIField("server", .text(64), "At this server."),
        APIField("action", .choice(AuditAction.allCases.map(\.rawValue)), "Of this kind."),
        APIField("target", .text(256), "About this tool, prompt or resource."),
      ], APISchema(listOf: Self.record, as: "records")
    ) { request in
      let page = try APIPage(request, of: "audit.search", on.installation.sealer)
      let before = page.after.flatMap { JSONNumber(literal: $0.string)?.int64 }
      let found = try await on.installation.store.auditEvents(
        matching: try await filter(request), before: before, limit: page.limit)
      let next = found.count == page.limit ? found.last.map { String($0.position) } : nil
      return APIAnswer(
        200, ["records": .array(found.map(\.event.json)), "next_cursor": page.cursor(behind: next)])
    }
  }

  private func filter(_ request: APIRequest) async throws -> AuditFilter {
    let now = on.installation.clock.now()
    var filter = AuditFilter()
    filter.tenant = request.caller.tenant
    filter.since = request.duration("since").map { now - $0 }
    filter.until = request.duration("until").map { now - $0 }
    if let name = request.text("user") {
      guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
      filter.subject = user.id.string
    }
    filter.client = request.text("client").map { ClientID($0) }
    filter.route = request.text("server").map { RouteID(server: ServerName($0)).path }
    filter.action = request.text("action").flatMap { AuditAction(rawValue: $0) }
    filter.target = request.text("target")
    return filter
  }

  private var export: APIOperation {
    APIOperation(
      "audit.export", "GET", "/api/audit/export",
      "A tenant's trail in its order, with the numbers and digests that prove it.", roles: APIRole.reading,
      query: APIPage.fields + [APIField("tenant", .text(64), "Whose; the caller's, or default, without it.")],
      APISchema(listOf: Self.linked, as: "records")
    ) { request in
      let tenant = request.text("tenant").map { TenantID($0) } ?? request.caller.tenant ?? .default
      guard request.caller.sees(tenant) else { throw APIProblem.notFound }
      let page = try APIPage(request, of: "audit:\(tenant)", on.installation.sealer)
      let store = on.installation.store
      guard let trail = try await store.auditTrails().first(where: { $0.tenant == tenant }) else {
        throw APIProblem.notFound
      }
      let begin = page.after.flatMap { JSONNumber(literal: $0.string)?.int64 }
      if begin == nil {
        // The record of the export stands before the first line of it.
        try await on.installation.audit.recordDurably(
          AuditEvent(
            at: on.installation.clock.now(), action: .trailExported, tenant: tenant, request: request.id,
            subject: request.caller.subject, reason: "by_api", address: request.address))
      }
      let found = try await store.auditRecords(
        of: tenant, after: max(begin ?? 0, trail.trimmed.sequence), limit: page.limit)
      let next = found.count == page.limit ? found.last.map { String($0.head.sequence) } : nil
      return APIAnswer(
        200, ["records": .array(found.map(Self.json)), "next_cursor": page.cursor(behind: next)])
    }
  }

  private var flows: APIOperation {
    APIOperation(
      "flows.list", "GET", "/api/flows", "The newest connection attempts, and how far each came.",
      roles: [.admin, .auditor],
      query: APIPage.fields,
      APISchema(listOf: Self.flow, as: "flows")
    ) { request in
      // Most of a flow happens before anybody knows whose it is.
      guard request.caller.tenant == nil else { throw APIProblem.forbidden("Flows are the installation's.") }
      let page = try APIPage(request, of: "flows", on.installation.sealer)
      let found = try await on.installation.store.flows(
        before: page.after.map { FlowID($0) }, limit: page.limit)
      let next = found.count == page.limit ? found.last?.flow.string : nil
      return APIAnswer(
        200, ["flows": .array(found.map { .object($0.json) }), "next_cursor": page.cursor(behind: next)])
    }
  }

  private static func json(_ record: AuditRecord) -> JSONValue {
    [
      "sequence": .integer(record.head.sequence), "digest": .string(Hex.encode(record.head.digest)),
      "record": record.event?.json ?? .null,
    ]
  }
}
