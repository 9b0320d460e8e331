import MartletDomain
import StrictCoding

/// Tells who sits before a browser, and what people are called.
public protocol ApprovalVisitors: Sendable {
  /// The user who is logged in in the browser that sent a request, and the session's browser; `nil` for nobody.
  func current(of request: EndpointRequest) async throws(StoreError) -> (user: User, browser: ArtefactDigest)?

  /// What a caller is called.
  func name(of subject: ByteString) async throws(StoreError) -> String?
}

/// The pages where calls that wait are looked at and decided.
///
/// Opening a page changes nothing. A decision comes from a form of ours, in the browser that was shown it, about the very
/// call that was shown. The caller sees how it stands; what the call says is shown to those who decide.
public struct ApprovalsEndpoint: Sendable {
  private static let purpose = "approval"

  private let desk: ApprovalDesk
  private let visitors: any ApprovalVisitors
  private let forms: FormGuard

  /// Makes the endpoint.
  public init(desk: ApprovalDesk, visitors: any ApprovalVisitors, forms: FormGuard) {
    self.desk = desk
    self.visitors = visitors
    self.forms = forms
  }

  /// `GET /approvals`: what waits, and what is allowed.
  public func list(_ request: EndpointRequest) async -> EndpointResponse {
    await answer(nil, request) { (user, _) throws(StoreError) in
      let seen = try await desk.list([.pending, .approved, .granted], for: .person(user))
      var page = ApprovalListPage(toDecide: [], waiting: [], allowed: [], userName: user.displayName)
      for one in seen {
        let summary = try await summary(one)
        if one.state != .pending {
          page.allowed.append(summary)
        } else if one.mayDecide {
          page.toDecide.append(summary)
        } else {
          page.waiting.append(summary)
        }
      }
      return .page(200, Page(.approvals(page)))
    }
  }

  /// `GET /approvals/{id}`: one call.
  public func show(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(name, request) { (user, browser) throws(StoreError) in
      try await page(200, ApprovalID(name), user, browser)
    }
  }

  /// `POST /approvals/{id}`: decides; fields `decision` (`allow`, `allow_hour`, `deny`, `revoke`), `binding`, `csrf`.
  public func decide(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(name, request) { (user, browser) throws(StoreError) in
      let id = ApprovalID(name)
      guard let form = ApprovalForm(request) else {
        return .page(400, Page(.message(ApprovalPages.malformed(request))))
      }
      guard forms.accepts(form.csrf, purpose: Self.purpose, transaction: id.string, browser: browser) else {
        return .page(403, Page(.message(ApprovalPages.staleForm(id, request))))
      }
      let visit = ApprovalVisit(.person(user), request: request.id, address: request.address)
      do throws(ApprovalDeskError) {
        if let answer = form.answer {
          _ = try await desk.decide(id, answer, seeing: form.binding, by: visit)
        } else {
          _ = try await desk.revoke(id, by: visit)
        }
      } catch {
        switch error {
        case .unknown: return .page(404, Page(.message(ApprovalPages.unknown)))
        case .forbidden: return try await page(403, id, user, browser, problem: ApprovalPages.notYours)
        case .notWaiting: return try await page(409, id, user, browser, problem: ApprovalPages.tooLate)
        case .store(let error): throw error
        }
      }
      return .seeOther(ApprovalReturn(id).path)
    }
  }

  private func answer(
    _ name: String?, _ request: EndpointRequest,
    _ handler: (User, ArtefactDigest) async throws(StoreError) -> EndpointResponse
  ) async -> EndpointResponse {
    do throws(StoreError) {
      guard let (user, browser) = try await visitors.current(of: request) else {
        return .seeOther(ApprovalReturn(name.map { ApprovalID($0) }).loginPath)
      }
      return try await handler(user, browser).adding("referrer-policy", "no-referrer")
    } catch {
      return .page(503, Page(.message(ApprovalPages.unavailable(request)))).adding("retry-after", "5")
    }
  }

  private func page(
    _ status: Int, _ id: ApprovalID, _ user: User, _ browser: ArtefactDigest, problem: String? = nil
  ) async throws(StoreError) -> EndpointResponse {
    guard let seen = try await desk.look(at: id, as: .person(user)) else {
      return .page(404, Page(.message(ApprovalPages.unknown)))
    }
    let laidOut = seen.parameters.flatMap { try? JSONReader.parse($0) }.map { JSONWriter.string($0, pretty: true) }
    let marked = laidOut.map { PlainText.marked($0) }
    let content = ApprovalPage(
      summary: try await summary(seen), parameters: marked,
      hidesCharacters: marked.map { !$0.equalsBytewise(laidOut ?? "") } ?? false,
      advice: ApprovalPages.advice(seen, user), problem: problem, mayDecide: seen.mayDecide,
      mayRevoke: seen.mayRevoke && seen.state != .pending,
      binding: Hex.encode(seen.approval.call.binding),
      csrf: forms.value(purpose: Self.purpose, transaction: id.string, browser: browser))
    return .page(status, Page(.approval(content)))
  }

  private func summary(_ seen: SeenApproval) async throws(StoreError) -> ApprovalSummary {
    let approval = seen.approval
    let call = approval.call
    let (state, tone) = ApprovalPages.words(seen)
    var decider: String?
    if let by = approval.decidedBy { decider = try await visitors.name(of: ByteString(by)) ?? by }
    return ApprovalSummary(
      path: ApprovalReturn(approval.id).path, state: state, tone: tone, target: call.target.string,
      server: call.caller.route.server.string,
      caller: try await visitors.name(of: approval.requester.value) ?? approval.requester.string,
      client: call.key.map { "key \($0)" } ?? call.caller.client.string, rule: call.rule, askedAt: approval.askedAt,
      expiresAt: approval.expiresAt, decidedBy: decider)
  }
}

/// The fields of a decision; whatever isn't one is refused as a whole.
private struct ApprovalForm {
  let csrf: String
  let binding: [UInt8]
  /// `nil` to take back.
  let answer: ApprovalAnswer?

  init?(_ request: EndpointRequest) {
    guard MediaType.isForm(request.header("content-type")), let fields = try? FormParameters(parsing: request.body),
      let csrf = try? fields.single("csrf"), let text = try? fields.single("binding"),
      let binding = Hex.decode(text), let decision = try? fields.single("decision")
    else { return nil }
    self.csrf = csrf
    self.binding = binding
    switch decision {
    case "allow": answer = .once
    case "allow_hour": answer = .hour
    case "deny": answer = .deny
    case "revoke": answer = nil
    default: return nil
    }
  }
}
