import StrictCoding

/// How many calls may wait for a decision.
public struct ApprovalCapacity: Hashable, Sendable {
  /// Of one user or service account.
  public let ofSubject: Int
  /// Of one tenant.
  public let ofTenant: Int

  /// Says how many.
  public init(ofSubject: Int = 20, ofTenant: Int = 1_000) {
    self.ofSubject = ofSubject
    self.ofTenant = ofTenant
  }
}

/// What a call finds.
public enum ApprovalClaim: Hashable, Sendable {
  /// Somebody approved this very call; it is spent now.
  case spent(Approval)
  /// Somebody allowed calls like this one for a time that isn't over.
  case granted(Approval)
  /// It waits for a decision; whether it began to just now.
  case waiting(Approval, isNew: Bool)
  /// Somebody refused it a while ago.
  case denied(Approval)
  /// Too many calls wait already.
  case full
}

/// What somebody decided.
public struct ApprovalDecision: Hashable, Sendable {
  /// What becomes of it: `approved`, `granted` or `denied`.
  public let state: ApprovalState
  /// Who decided.
  public let by: String
  /// What was seen: the binding of the call that was shown. It decides about nothing else.
  public let binding: [UInt8]
  /// Until when it is good.
  public let until: Timestamp

  /// Describes a decision.
  public init(state: ApprovalState, by: String, binding: [UInt8], until: Timestamp) {
    self.state = state
    self.by = by
    self.binding = binding
    self.until = until
  }
}

/// Which approvals are wanted. What is `nil` doesn't matter.
public struct ApprovalFilter: Hashable, Sendable {
  /// Whose.
  public var tenant: TenantID?
  /// Of whom.
  public var requester: UserID?
  /// In which states, as stored.
  public var states: Set<ApprovalState>?
  /// Only those that end after then.
  public var liveAt: Timestamp?
  /// How many at most.
  public var limit: Int

  /// Describes a filter.
  public init(
    tenant: TenantID? = nil, requester: UserID? = nil, states: Set<ApprovalState>? = nil,
    liveAt: Timestamp? = nil, limit: Int = 1_000
  ) {
    self.tenant = tenant
    self.requester = requester
    self.states = states
    self.liveAt = liveAt
    self.limit = limit
  }
}

/// Keeps calls that wait for a decision, and decisions.
public protocol ApprovalStore: Sendable {
  /// Spends the approval of a call, where there is one; else says how its request stands, and files one where there is
  /// none. Of many at once exactly one gets `spent` (V-032).
  ///
  /// - Parameters:
  ///   - asked: The call, as a request that is filed where there is none yet.
  ///   - capacity: How many may wait.
  ///   - now: The time.
  func claimApproval(_ asked: Approval, capacity: ApprovalCapacity, at now: Timestamp) async throws(StoreError)
    -> ApprovalClaim

  /// One approval.
  func approval(_ id: ApprovalID) async throws(StoreError) -> Approval?

  /// Approvals, those that were asked for last first.
  func approvals(_ filter: ApprovalFilter) async throws(StoreError) -> [Approval]

  /// Decides about a call that waits.
  ///
  /// - Returns: What became of it; `nil` where it doesn't wait any more, or isn't what was shown.
  func decideApproval(_ id: ApprovalID, _ decision: ApprovalDecision, at now: Timestamp) async throws(StoreError)
    -> Approval?

  /// Takes back what is still open.
  ///
  /// - Returns: What it was; `nil` where nothing was open.
  func revokeApproval(_ id: ApprovalID, by: String, at now: Timestamp) async throws(StoreError) -> Approval?

  /// Takes back everything that is open of a user, a client, a tenant or a route.
  ///
  /// - Returns: How many.
  func endApprovals(of target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> Int

  /// Marks what has ended by itself.
  ///
  /// - Returns: What was marked, 1,000 at most.
  func expireApprovals(at now: Timestamp) async throws(StoreError) -> [Approval]

  /// Forgets what ended before then.
  func removeEndedApprovals(before time: Timestamp) async throws(StoreError)
}
