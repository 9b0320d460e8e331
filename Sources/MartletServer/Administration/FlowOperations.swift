import MartletAudit
import MartletDomain
import StrictCoding

/// Connection attempts in the admin API. They are the installation's: most of a flow happens before anybody knows whose
/// it is.
struct FlowOperations: Sendable {
  let on: AdminDependencies

  private static let flow = APISchema(
    "Flow",
    [
      "flow": "string", "started_at": "time", "ended_at": "time", "client_id": "string?", "route": "string?",
      "actions": "[string]",
    ])

  var all: [APIOperation] { [list, show] }

  private var list: APIOperation {
    APIOperation(
      "flows.list", "GET", "/api/flows", "The newest connection attempts, and how far each came.",
      roles: [.admin, .auditor], query: APIPage.fields,
      APISchema(listOf: Self.flow, as: "flows")
    ) { request in
      try request.concernsAll("Flows")
      let page = try APIPage(request, of: "flows", on.installation.sealer)
      let found = try await on.installation.store.flows(
        before: page.after.map { FlowID($0) }, limit: page.limit)
      let next = found.count == page.limit ? found.last?.flow.string : nil
      return APIAnswer(
        200, ["flows": .array(found.map { .object($0.json) }), "next_cursor": page.cursor(behind: next)])
    }
  }

  private var show: APIOperation {
    APIOperation(
      "flows.show", "GET", "/api/flows/:name", "Every event of one connection attempt, oldest first.",
      roles: [.admin, .auditor], query: APIPage.fields, APISchema(listOf: TrailOperations.record, as: "records")
    ) { request in
      try request.concernsAll("Flows")
      let page = try APIPage(request, of: "flow:\(request.name)", on.installation.sealer)
      let events = try await on.installation.store.auditEvents(flow: FlowID(request.name))
      guard !events.isEmpty else { throw APIProblem.notFound }
      let numbered = Array(zip(1_000_000..., events))
      return page.answer(numbered, as: "records", id: { ByteString(String($0.0)) }, { $0.1.json })
    }
  }
}
