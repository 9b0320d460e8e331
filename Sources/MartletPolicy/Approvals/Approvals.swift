import MartletDomain
import StrictCoding

/// A call that a rule holds up until somebody approves of it.
public struct HeldCall: Sendable {
  /// Who calls.
  public let principal: Principal
  /// The HTTP request that brought it.
  public let request: RequestID
  /// Where that came from.
  public let address: String
  /// The MCP method.
  public let method: String
  /// The tool, prompt or resource.
  public let target: ByteString
  /// The parameters in canonical form, without what differs each time a call is repeated.
  public let parameters: [UInt8]
  /// SHA-256 of the tool's definition; empty for what has none.
  public let definition: [UInt8]
  /// The rule.
  public let rule: String

  /// Describes a call.
  public init(
    principal: Principal, request: RequestID, address: String, method: String, target: ByteString,
    parameters: [UInt8], definition: [UInt8], rule: String
  ) {
    self.principal = principal
    self.request = request
    self.address = address
    self.method = method
    self.target = target
    self.parameters = parameters
    self.definition = definition
    self.rule = rule
  }
}

/// What becomes of a held call.
public enum ApprovalOutcome: Sendable {
  /// Somebody approved it, and that is spent: it goes on now or never.
  case approved(ApprovedCall)
  /// It waits for somebody.
  case waiting(ApprovalID)
  /// Somebody refused it.
  case denied(ApprovalID)
  /// Nobody can be asked about it; the reason is a stable code.
  case unaskable(reason: String)
}

/// Calls that wait for a person: the file to open first about approvals.
///
/// A request is bound to the call as a whole: tenant, caller with client or key, server, tool, arguments, the tool's
/// definition and the policy. What is decided is spent in the store before the call is sent, so that two at once, or a
/// crash in between, never make it two (V-032).
public struct Approvals: Sendable {
  /// The longest parameters that are shown to somebody: 32 KiB. Nobody decides about what can't be seen whole.
  public static let longestParameters = 32 << 10
  /// The reason of a call with longer ones.
  public static let tooLarge = "approval_too_large"
  /// The reason of a call about which nobody is asked, since too many wait already.
  public static let full = "approvals_full"

  private let store: any ApprovalStore
  private let sealer: Sealer
  private let audit: any AuditSink
  private let notices: any ApprovalNotices
  private let clock: any WallClock
  private let random: any RandomSource
  private let capacity: ApprovalCapacity

  /// Works on a store.
  public init(
    store: any ApprovalStore, sealer: Sealer, audit: any AuditSink, notices: any ApprovalNotices,
    clock: any WallClock, random: any RandomSource, capacity: ApprovalCapacity = ApprovalCapacity()
  ) {
    self.store = store
    self.sealer = sealer
    self.audit = audit
    self.notices = notices
    self.clock = clock
    self.random = random
    self.capacity = capacity
  }

  /// Spends the approval of a call, or asks for one.
  ///
  /// - Parameters:
  ///   - held: The call.
  ///   - policy: The policy that holds it up.
  public func claim(_ held: HeldCall, under policy: AccessPolicy) async throws(StoreError) -> ApprovalOutcome {
    let asked: Approval
    do throws(Obstacle) { asked = try request(held, policy) } catch {
      note(held, reason: error.reason)
      return .unaskable(reason: error.reason)
    }
    let now = clock.now()
    switch try await store.claimApproval(asked, capacity: capacity, at: now) {
    case .spent(let approval), .granted(let approval):
      try await audit.recordDurably(
        approval.event(.approvalUsed, at: now, request: held.request, address: held.address))
      return .approved(ApprovedCall(approval))
    case .waiting(let approval, let isNew):
      if isNew {
        audit.record(approval.event(.approvalRequested, at: now, request: held.request, address: held.address))
        notices.notify(approval)
      }
      return .waiting(approval.id)
    case .denied(let approval): return .denied(approval.id)
    case .full:
      note(held, reason: Self.full)
      return .unaskable(reason: Self.full)
    }
  }

  /// Whether a decision is still to come.
  public func isUndecided(_ id: ApprovalID) async throws(StoreError) -> Bool {
    try await store.approval(id)?.state(at: clock.now()) == .pending
  }

  private struct Obstacle: Error {
    let reason: String
  }

  private func request(_ held: HeldCall, _ policy: AccessPolicy) throws(Obstacle) -> Approval {
    guard let terms = policy.approvalTerms(of: held.rule) else { throw Obstacle(reason: "no_approvers") }
    guard held.parameters.count <= Self.longestParameters else { throw Obstacle(reason: Self.tooLarge) }
    let call = ApprovalCall(
      caller: held.principal.binding, key: held.principal.key?.trailName, method: held.method, target: held.target,
      arguments: ApprovalCall.digest(of: held.parameters), definition: held.definition, policy: policy.version,
      rule: held.rule)
    let id = ApprovalID("apr_" + Base64URL.encode(random.bytes(16)))
    let sealed: [UInt8]
    do { sealed = try sealer.seal(held.parameters, in: Self.place(id, call.caller.tenant)) } catch {
      throw Obstacle(reason: "approval_unsealable")
    }
    let now = clock.now()
    return Approval(
      id: id, call: call, sealedArguments: sealed, lifetime: terms.lifetime, askedAt: now,
      expiresAt: now + terms.lifetime)
  }

  private func note(_ held: HeldCall, reason: String) {
    let caller = held.principal.binding
    audit.record(
      AuditEvent(
        at: clock.now(), action: .approvalRefused, tenant: caller.tenant, request: held.request,
        subject: caller.subject.string, client: caller.client, route: caller.route.path, method: held.method,
        target: held.target.string, reason: reason, address: held.address, key: held.principal.key?.trailName))
  }

  /// Where the parameters of a call are sealed.
  static func place(_ id: ApprovalID, _ tenant: TenantID) -> SealContext {
    SealContext(tenant: tenant, record: "approval", id: id.value.bytes, column: "sealed_arguments")
  }
}
