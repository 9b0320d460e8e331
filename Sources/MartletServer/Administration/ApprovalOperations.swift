import MartletDomain
import MartletPolicy
import StrictCoding

/// Calls that wait for somebody's approval, in the admin API.
struct ApprovalOperations: Sendable {
  let on: AdminDependencies

  private static let roles: Set<APIRole> = [.admin, .tenantAdmin, .owner]
  private static let readers: Set<APIRole> = [.admin, .tenantAdmin, .auditor, .owner]
  private static let approval = APISchema(
    "Approval",
    [
      "id": "string", "state": "string", "tenant": "string", "subject": "string", "subject_id": "string",
      "client": "string", "key": "string?", "server": "string", "method": "string", "target": "string",
      "rule": "string", "binding": "string", "asked_at": "time", "expires_at": "time", "decided_at": "time?",
      "decided_by": "string?", "used_at": "time?", "may_decide": "boolean", "parameters": "object",
    ], optional: ["parameters"])
  private static let binding = APIField(
    "binding", .word(.digest), "The call that was looked at, as shown: nothing else is decided then.")

  var all: [APIOperation] { [list, show, approve, deny, revoke] }

  private var office: ApprovalOffice {
    let snapshots = on.snapshots
    return ApprovalOffice(on.installation) { snapshots.current.configuration.policy }
  }

  private var list: APIOperation {
    APIOperation(
      "approvals.list", "GET", "/api/approvals",
      "Lists calls that wait for approval, and what was decided. Owners see their own, and what they decide about.",
      roles: Self.readers,
      query: APIPage.fields + [
        APIField("state", .choice(ApprovalState.allCases.map(\.rawValue)), "Only those; open ones without it."),
        APIField("all", .flag, "Ended ones, too, for 30 days."), APIRequest.onlyTenant,
      ], APISchema(listOf: Self.approval, as: "approvals")
    ) { request in
      let page = try APIPage(request, of: "approvals", on.installation.sealer)
      let open = Set(ApprovalState.allCases.filter(\.isOpen))
      let state = request.text("state").flatMap { ApprovalState(rawValue: $0) }
      let states = state.map { [$0] } ?? (request.flag("all") ? nil : open)
      let office = office
      let names = try await office.names()
      let tenant = try request.narrowedTenant()
      let seen = try await office.desk.list(states, for: Self.actor(request)).filter { seen in
        tenant.map { $0 == seen.approval.tenant } ?? true
      }
      return page.answer(seen, as: "approvals", id: \.approval.id.value) { .object(office.json($0, names)) }
    }
  }

  private var show: APIOperation {
    APIOperation(
      "approvals.show", "GET", "/api/approvals/:name", "Shows one, with what the call says to those who decide.",
      roles: Self.readers, Self.approval
    ) { request in try await answer(request) }
  }

  private var approve: APIOperation {
    APIOperation(
      "approvals.approve", "POST", "/api/approvals/:name/approve",
      "Allows the call once, or every call of the tool by the same caller, with any arguments, for an hour.",
      roles: Self.roles,
      body: [APIField("for", .choice(["once", "hour"]), "Once without it."), Self.binding], Self.approval
    ) { request in
      let isForAnHour = request.text("for").map { $0.utf8.elementsEqual("hour".utf8) } ?? false
      return try await decide(request, isForAnHour ? .hour : .once)
    }
  }

  private var deny: APIOperation {
    APIOperation(
      "approvals.deny", "POST", "/api/approvals/:name/deny", "Refuses the call, for as long as it would have waited.",
      roles: Self.roles, body: [Self.binding], Self.approval
    ) { request in try await decide(request, .deny) }
  }

  private var revoke: APIOperation {
    APIOperation(
      "approvals.revoke", "POST", "/api/approvals/:name/revoke",
      "Takes back a request that waits, an approval that wasn't used, or what is allowed for a time.",
      roles: Self.roles, Self.approval
    ) { request in
      do throws(ApprovalDeskError) {
        _ = try await office.desk.revoke(ApprovalID(request.name), by: Self.visit(request))
      } catch { throw APIProblem(error) }
      return try await answer(request)
    }
  }

  private func decide(_ request: APIRequest, _ answer: ApprovalAnswer) async throws -> APIAnswer {
    var binding: [UInt8]?
    if let text = request.text("binding") {
      guard let bytes = Hex.decode(text) else { throw APIProblem.invalid("binding is 64 hexadecimal digits.") }
      binding = bytes
    }
    do throws(ApprovalDeskError) {
      _ = try await office.desk.decide(ApprovalID(request.name), answer, seeing: binding, by: Self.visit(request))
    } catch { throw APIProblem(error) }
    return try await self.answer(request)
  }

  private func answer(_ request: APIRequest) async throws -> APIAnswer {
    let office = office
    guard let seen = try await office.desk.look(at: ApprovalID(request.name), as: Self.actor(request)) else {
      throw APIProblem.notFound
    }
    return APIAnswer(200, .object(office.json(seen, try await office.names())))
  }

  private static func actor(_ request: APIRequest) -> ApprovalActor {
    let caller = request.caller
    if let user = caller.user { return .person(user) }
    return .administrator(tenant: caller.tenant, name: caller.subject, mayChange: caller.role != .auditor)
  }

  private static func visit(_ request: APIRequest) -> ApprovalVisit {
    ApprovalVisit(actor(request), request: request.id, address: request.address)
  }
}

extension APIProblem {
  /// Why nothing was decided.
  init(_ error: ApprovalDeskError) {
    switch error {
    case .unknown: self = .notFound
    case .forbidden: self = .forbidden("It is not yours to decide, or the rules have changed since.")
    case .notWaiting: self = .conflict("It doesn't wait any more, or isn't the call that was looked at.")
    case .store: self = .unavailable
    }
  }
}
