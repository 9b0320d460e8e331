import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `ApprovalStore`.
  public func claimApproval(_ asked: Approval, capacity: ApprovalCapacity, at now: Timestamp)
    async throws(StoreError) -> ApprovalClaim
  {
    try access { state in
      func first(_ fits: (Approval) -> Bool) -> Int? {
        state.approvals.firstIndex { $0.tenant == asked.tenant && $0.expiresAt > now && fits($0) }
      }
      if let index = first({ $0.state == .approved && $0.call.binding == asked.call.binding }) {
        (state.approvals[index].state, state.approvals[index].usedAt) = (.used, now)
        return .spent(state.approvals[index])
      }
      if let index = first({ $0.state == .granted && $0.call.scope == asked.call.scope }) {
        state.approvals[index].usedAt = now
        return .granted(state.approvals[index])
      }
      if let index = first({
        ($0.state == .pending || $0.state == .denied) && $0.call.binding == asked.call.binding
      }) {
        let found = state.approvals[index]
        return found.state == .denied ? .denied(found) : .waiting(found, isNew: false)
      }
      let waiting = state.approvals.filter {
        $0.tenant == asked.tenant && $0.state == .pending && $0.expiresAt > now
      }
      guard waiting.count < capacity.ofTenant,
        waiting.filter({ $0.requester == asked.requester }).count < capacity.ofSubject
      else { return .full }
      state.approvals.append(asked)
      return .waiting(asked, isNew: true)
    }
  }

  /// See `ApprovalStore`.
  public func approval(_ id: ApprovalID) async throws(StoreError) -> Approval? {
    try access { state in state.approvals.first { $0.id == id } }
  }

  /// See `ApprovalStore`.
  public func approvals(_ filter: ApprovalFilter) async throws(StoreError) -> [Approval] {
    try access { state in
      Array(
        state.approvals.filter { filter.includes($0) }.sorted { ($1.askedAt, $0.id) < ($0.askedAt, $1.id) }
          .prefix(filter.limit))
    }
  }

  /// See `ApprovalStore`.
  public func decideApproval(_ id: ApprovalID, _ decision: ApprovalDecision, at now: Timestamp)
    async throws(StoreError) -> Approval?
  {
    try access { state in
      let index = state.approvals.firstIndex {
        $0.id == id && $0.state(at: now) == .pending && $0.call.binding == decision.binding
      }
      guard let index else { return nil }
      (state.approvals[index].state, state.approvals[index].decidedAt) = (decision.state, now)
      (state.approvals[index].decidedBy, state.approvals[index].expiresAt) = (decision.by, decision.until)
      return state.approvals[index]
    }
  }

  /// See `ApprovalStore`.
  public func revokeApproval(_ id: ApprovalID, by: String, at now: Timestamp) async throws(StoreError) -> Approval? {
    try access { state in
      guard let index = state.approvals.firstIndex(where: { $0.id == id && $0.state(at: now).isOpen }) else {
        return nil
      }
      (state.approvals[index].state, state.approvals[index].decidedBy) = (.revoked, by)
      state.approvals[index].decidedAt = now
      return state.approvals[index]
    }
  }

  /// See `ApprovalStore`.
  public func endApprovals(of target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> Int {
    try access { state in
      var ended = 0
      for index in state.approvals.indices where state.approvals[index].state(at: now).isOpen {
        let caller = state.approvals[index].call.caller
        let isMeant =
          switch target {
          case .accessToken, .grant: false
          case .user(let tenant, let user): caller.tenant == tenant && UserID(caller.subject) == user
          case .client(let client): caller.client == client
          case .tenant(let tenant): caller.tenant == tenant
          case .route(let route): caller.route == route
          }
        guard isMeant else { continue }
        (state.approvals[index].state, state.approvals[index].decidedAt) = (.revoked, now)
        ended += 1
      }
      return ended
    }
  }

  /// See `ApprovalStore`.
  public func expireApprovals(at now: Timestamp) async throws(StoreError) -> [Approval] {
    try access { state in
      var marked: [Approval] = []
      for index in state.approvals.indices
      where state.approvals[index].state.isOpen && state.approvals[index].expiresAt <= now {
        state.approvals[index].state = .expired
        marked.append(state.approvals[index])
      }
      return marked
    }
  }

  /// See `ApprovalStore`.
  public func removeEndedApprovals(before time: Timestamp) async throws(StoreError) {
    try access { state in state.approvals.removeAll { $0.expiresAt < time && !$0.state.isOpen } }
  }
}

extension MemoryStore {
  /// See `QuotaStore`.
  public func takeQuota(_ key: QuotaKey, wanted: Int, of quota: Int) async throws(StoreError) -> Int {
    try access { state in
      let part = min(max(0, wanted), max(0, quota - state.quotas[key, default: 0]))
      state.quotas[key, default: 0] += part
      return part
    }
  }

  /// See `QuotaStore`.
  public func returnQuota(_ unused: [QuotaKey: Int]) async throws(StoreError) {
    try access { state in
      for (key, part) in unused { state.quotas[key] = max(0, state.quotas[key, default: 0] - max(0, part)) }
    }
  }

  /// See `QuotaStore`.
  public func takenQuota(_ key: QuotaKey) async throws(StoreError) -> Int {
    try access { state in state.quotas[key, default: 0] }
  }

  /// See `QuotaStore`.
  public func removeQuotas(before day: Int64) async throws(StoreError) {
    try access { state in state.quotas = state.quotas.filter { $0.key.day >= day } }
  }
}

extension ApprovalFilter {
  fileprivate func includes(_ approval: Approval) -> Bool {
    tenant.map { $0 == approval.tenant } ?? true && requester.map { $0 == approval.requester } ?? true
      && states.map { $0.contains(approval.state) } ?? true && liveAt.map { approval.expiresAt > $0 } ?? true
  }
}
