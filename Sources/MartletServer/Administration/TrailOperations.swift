import MartletAudit
import MartletDomain
import StrictCoding

/// The trail in the admin API.
struct TrailOperations: Sendable {
  let on: AdminDependencies

  static let record = APISchema(
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
  private static let reports = APISchema(
    "TrailReports", ["trails": "array"],
    nested: [
      "trails": [
        "type": "array",
        "items": APISchema(
          "TrailReport",
          [
            "tenant": "string", "records": "integer", "first": "integer", "last": "integer", "anchors": "integer",
            "whole": "boolean", "findings": "[string]",
          ]
        ).json,
      ]
    ])

  private let verifying = OneAtATime("A verification is under way; ask again when it has ended.")

  init(on: AdminDependencies) { self.on = on }

  var all: [APIOperation] { [search, export, verify] }

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
        APIRequest.onlyTenant,
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
    filter.tenant = try request.narrowedTenant()
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
      let tenant = try request.ownTenant()
      let page = try APIPage(request, of: "audit:\(tenant)", on.installation.sealer)
      let store = on.installation.store
      guard let trail = try await store.auditTrails().first(where: { $0.tenant == tenant }) else {
        throw APIProblem.notFound
      }
      let begin = page.after.flatMap { JSONNumber(literal: $0.string)?.int64 }
      if begin == nil {
        // The record of the export stands before the first line of it.
        try await on.installation.audit.recordDurably(
          request.asker.event(.trailExported, at: on.installation.clock.now(), tenant: tenant))
      }
      let found = try await store.auditRecords(
        of: tenant, after: max(begin ?? 0, trail.trimmed.sequence), limit: page.limit)
      let next = found.count == page.limit ? found.last.map { String($0.head.sequence) } : nil
      return APIAnswer(
        200, ["records": .array(found.map(Self.json)), "next_cursor": page.cursor(behind: next)])
    }
  }

  private var verify: APIOperation {
    APIOperation(
      "audit.verify", "POST", "/api/audit/verify",
      "Reads trails from end to end and tells what was altered, added or taken away. One at a time.",
      roles: APIRole.reading,
      body: [
        APIRequest.onlyTenant,
        APIField(
          "anchors", .texts(1024), "Lines of audit-anchors.jsonl that were kept elsewhere; Martlet's own without."),
      ], Self.reports
    ) { request in
      let (tenant, kept) = (try request.narrowedTenant(), try anchors(request))
      let verifier = TrailVerifier(store: on.installation.store, chain: on.installation.auditChain)
      let reports = try await verifying.run {
        try await verifier.verify(tenant, against: kept.filter { anchor in tenant.map { $0 == anchor.tenant } ?? true })
      }
      return APIAnswer(200, ["trails": .array(reports.map { .object($0.json) })])
    }
  }

  private func anchors(_ request: APIRequest) throws -> [AuditAnchor] {
    guard let lines = request.texts("anchors") else {
      return try AnchorFile(path: on.installation.dataDirectory + "/" + AnchorFile.name).read()
    }
    return try lines.map { line in
      guard let anchor = AuditAnchor(line: Array(line.utf8)) else {
        throw APIProblem.conflict("anchors holds something that isn't a line of audit-anchors.jsonl.")
      }
      return anchor
    }
  }

  private static func json(_ record: AuditRecord) -> JSONValue {
    [
      "sequence": .integer(record.head.sequence), "digest": .string(Hex.encode(record.head.digest)),
      "record": record.event?.json ?? .null,
    ]
  }
}
