import MartletDomain

extension MemoryStore {
  /// See `AuditStore`.
  public func appendAuditEvents(_ events: [AuditEvent]) async throws(StoreError) {
    try access { $0.auditEvents.append(contentsOf: events) }
  }

  /// See `AuditStore`.
  public func auditEvents(tenant: TenantID?, limit: Int) async throws(StoreError) -> [AuditEvent] {
    try access { state in
      let meant = state.inOrder.filter { tenant == nil || $0.tenant == tenant }
      return Array(meant.reversed().prefix(max(0, limit)))
    }
  }

  /// See `AuditStore`.
  public func auditEvents(flow: FlowID) async throws(StoreError) -> [AuditEvent] {
    try access { state in state.inOrder.filter { $0.flow == flow } }
  }

  /// See `AuditStore`.
  public func flows(limit: Int) async throws(StoreError) -> [FlowSummary] {
    try access { state in
      var flows: [FlowID: FlowSummary] = [:]
      var order: [FlowID] = []
      for event in state.inOrder {
        guard let flow = event.flow else { continue }
        if flows[flow] == nil { order.append(flow) }
        var summary =
          flows[flow]
          ?? FlowSummary(flow: flow, startedAt: event.at, endedAt: event.at, client: nil, route: nil, actions: [])
        summary.add(event)
        flows[flow] = summary
      }
      return order.reversed().prefix(max(0, limit)).compactMap { flows[$0] }
    }
  }

  /// See `AuditStore`.
  public func removeAuditEvents(before time: Timestamp) async throws(StoreError) {
    try access { $0.auditEvents.removeAll { $0.at < time } }
  }
}

extension MemoryStoreState {
  /// Oldest first; events of the same instant as they were written.
  fileprivate var inOrder: [AuditEvent] {
    auditEvents.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }
}

extension FlowSummary {
  fileprivate mutating func add(_ event: AuditEvent) {
    endedAt = event.at
    client = client ?? event.client
    route = route ?? event.route
    if !actions.contains(event.action) { actions.append(event.action) }
  }
}
