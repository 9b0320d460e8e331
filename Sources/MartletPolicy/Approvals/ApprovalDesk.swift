import MartletDomain
import StrictCoding

/// Where approvals are looked at and decided, by pages, the admin API and commands alike.
public struct ApprovalDesk: Sendable {
  private let store: any ApprovalStore
  private let sealer: Sealer
  private let audit: any AuditSink
  private let clock: any WallClock
  private let policy: @Sendable () -> AccessPolicy?

  /// Works on a store.
  ///
  /// - Parameter policy: The policy of this instant.
  public init(
    store: any ApprovalStore, sealer: Sealer, audit: any AuditSink, clock: any WallClock,
    policy: @escaping @Sendable () -> AccessPolicy?
  ) {
    self.store = store
    self.sealer = sealer
    self.audit = audit
    self.clock = clock
    self.policy = policy
  }

  /// Everything that somebody may see, what was asked for last first.
  ///
  /// - Parameter states: Only those, as they stand now.
  public func list(_ states: Set<ApprovalState>? = nil, for actor: ApprovalActor) async throws(StoreError)
    -> [SeenApproval]
  {
    var filter = ApprovalFilter(tenant: actor.tenant, states: states)
    if let states, states.allSatisfy(\.isOpen) { filter.liveAt = clock.now() }
    return try await store.approvals(filter).compactMap { seen($0, by: actor) }
  }

  /// One approval.
  ///
  /// - Returns: `nil` where there is none that the actor may see.
  public func look(at id: ApprovalID, as actor: ApprovalActor) async throws(StoreError) -> SeenApproval? {
    try await store.approval(id).flatMap { seen($0, by: actor) }
  }

  /// Decides. The record stands before the effect.
  ///
  /// - Parameters:
  ///   - id: What about.
  ///   - answer: What.
  ///   - binding: The call that was shown: what isn't that isn't decided. `nil` to go by what is stored.
  ///   - visit: Who, and by which request.
  public func decide(_ id: ApprovalID, _ answer: ApprovalAnswer, seeing binding: [UInt8]?, by visit: ApprovalVisit)
    async throws(ApprovalDeskError) -> Approval
  {
    let seen = try await seen(id, by: visit)
    let approval = seen.approval
    guard seen.state == .pending, binding ?? approval.call.binding == approval.call.binding else { throw .notWaiting }
    guard seen.mayDecide else {
      note(.approvalRefused, approval, visit, answer: "not_an_approver")
      throw .forbidden
    }
    let now = clock.now()
    let decision = ApprovalDecision(
      state: answer.state, by: visit.actor.name, binding: approval.call.binding,
      until: now + (answer == .hour ? ApprovalTerms.grantLifetime : approval.lifetime))
    let decided: Approval?
    do throws(StoreError) {
      try await audit.recordDurably(
        event(answer == .deny ? .approvalDenied : .approvalGranted, approval, visit, answer: answer.rawValue))
      decided = try await store.decideApproval(id, decision, at: now)
    } catch { throw .store(error) }
    guard let decided else { throw .notWaiting }
    return decided
  }

  /// Takes back what is open: a request that waits, an approval that wasn't used, or what is allowed for a time.
  public func revoke(_ id: ApprovalID, by visit: ApprovalVisit) async throws(ApprovalDeskError) -> Approval {
    let seen = try await seen(id, by: visit)
    guard seen.state.isOpen else { throw .notWaiting }
    guard seen.mayRevoke else { throw .forbidden }
    let revoked: Approval?
    do throws(StoreError) {
      try await audit.recordDurably(event(.approvalRevoked, seen.approval, visit, answer: "revoked"))
      revoked = try await store.revokeApproval(id, by: visit.actor.name, at: clock.now())
    } catch { throw .store(error) }
    guard let revoked else { throw .notWaiting }
    return revoked
  }

  /// Marks what has ended by itself, and writes that down.
  public func expire() async throws(StoreError) {
    let now = clock.now()
    for approval in try await store.expireApprovals(at: now) { audit.record(approval.event(.approvalExpired, at: now)) }
  }
}

extension ApprovalDesk {
  private func seen(_ id: ApprovalID, by visit: ApprovalVisit) async throws(ApprovalDeskError) -> SeenApproval {
    let found: SeenApproval?
    do { found = try await look(at: id, as: visit.actor) } catch { throw .store(error) }
    guard let found else { throw .unknown }
    return found
  }

  private func seen(_ approval: Approval, by actor: ApprovalActor) -> SeenApproval? {
    let state = approval.state(at: clock.now())
    let policy = policy()
    // Under other rules it could never be used.
    let isInForce = policy?.version == approval.call.policy
    var (decides, owns, isReader) = (false, false, false)
    switch actor {
    case .person(let user):
      guard user.tenant == approval.tenant else { return nil }
      owns = user.id == approval.requester
      decides = policy?.approvalTerms(of: approval.call.rule)?.admit(user, for: approval) ?? false
    case .administrator(let tenant, _, let mayChange):
      guard tenant.map({ $0 == approval.tenant }) ?? true else { return nil }
      decides = mayChange
      isReader = true
    }
    guard decides || owns || isReader else { return nil }
    let parameters = decides || isReader ? parameters(approval) : nil
    return SeenApproval(
      approval: approval, state: state, parameters: parameters,
      mayDecide: decides && isInForce && state == .pending && parameters != nil,
      mayRevoke: (decides || owns) && state.isOpen)
  }

  /// What is shown is what the approval is bound to, or nothing.
  private func parameters(_ approval: Approval) -> [UInt8]? {
    guard
      let opened = try? sealer.open(approval.sealedArguments, in: Approvals.place(approval.id, approval.tenant)),
      ApprovalCall.digest(of: opened) == approval.call.arguments
    else { return nil }
    return opened
  }

  private func note(_ action: AuditAction, _ approval: Approval, _ visit: ApprovalVisit, answer: String) {
    audit.record(event(action, approval, visit, answer: answer))
  }

  private func event(_ action: AuditAction, _ approval: Approval, _ visit: ApprovalVisit, answer: String) -> AuditEvent
  {
    var event = approval.event(
      action, at: clock.now(), by: visit.actor.name, request: visit.request, address: visit.address)
    event.reason = "\(approval.id):\(answer):rule:\(approval.call.rule)"
    return event
  }
}
