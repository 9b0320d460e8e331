import MartletDomain

extension MemoryStore {
  /// See `AuditStore`.
  public func appendAuditBatch(_ batch: AuditBatch, linkedBy chain: AuditChain) async throws(StoreError) {
    try access { state in
      batch.withRecords { records in
        for index in 0..<records.count {
          if let event = records[index].event { state.append(event, linkedBy: chain) }
        }
      }
      var tally = CallTally()
      tally.add(batch)
      state.add(tally)
    }
  }

  /// See `AuditStore`.
  public func auditEvents(tenant: TenantID?, limit: Int) async throws(StoreError) -> [AuditEvent] {
    try access { state in
      let meant = state.inOrder.filter { tenant == nil || $0.tenant == tenant }
      return Array(meant.reversed().prefix(max(0, limit)))
    }
  }

  /// See `AuditStore`.
  public func auditEvents(
    matching filter: AuditFilter, before position: Int64?, limit: Int
  ) async throws(StoreError) -> [PlacedEvent] {
    try access { state in
      let found = state.placedRecords.reversed().compactMap { placed -> PlacedEvent? in
        guard let event = placed.record.event, filter.matches(event), position.map({ placed.position < $0 }) ?? true
        else { return nil }
        return PlacedEvent(position: placed.position, event: event)
      }
      return Array(found.prefix(max(0, limit)))
    }
  }

  /// See `AuditStore`.
  public func auditTrails() async throws(StoreError) -> [AuditTrail] {
    try access { $0.trails.values.sorted { $0.tenant.value < $1.tenant.value } }
  }

  /// See `AuditStore`.
  public func auditRecords(
    of tenant: TenantID, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [AuditRecord] {
    try access { state in
      let meant = state.auditRecords.filter { $0.event?.tenant == tenant && $0.head.sequence > sequence }
      return Array(meant.prefix(max(0, limit)))
    }
  }

  /// See `AuditStore`.
  public func auditEvents(flow: FlowID) async throws(StoreError) -> [AuditEvent] {
    try access { state in state.inOrder.filter { $0.flow == flow && $0.action != .exchangeForwarded } }
  }

  /// See `AuditStore`.
  public func flows(before flow: FlowID?, limit: Int) async throws(StoreError) -> [FlowSummary] {
    try access { state in
      var flows: [FlowID: FlowSummary] = [:]
      var order: [FlowID] = []
      for event in state.inOrder {
        guard let flow = event.flow, event.action != .exchangeForwarded else { continue }
        if flows[flow] == nil { order.append(flow) }
        var summary =
          flows[flow]
          ?? FlowSummary(flow: flow, startedAt: event.at, endedAt: event.at, client: nil, route: nil, actions: [])
        summary.add(event)
        flows[flow] = summary
      }
      let newest = Array(order.reversed())
      var begin = 0
      if let before = flow { begin = newest.firstIndex(of: before).map { $0 + 1 } ?? newest.count }
      return newest.dropFirst(begin).prefix(max(0, limit)).compactMap { flows[$0] }
    }
  }

  /// See `AuditStore`.
  public func removeAuditEvents(
    before time: Timestamp, _ others: [TenantID: Timestamp], at now: Timestamp, linkedBy chain: AuditChain
  ) async throws(StoreError) {
    try access { state in
      for trail in state.trails.values.sorted(by: { $0.tenant.value < $1.tenant.value }) {
        let own = state.auditRecords.filter { $0.event?.tenant == trail.tenant }
        guard let last = own.prefix(while: { $0.event.map { $0.at < others[trail.tenant] ?? time } ?? true }).last?.head
        else { continue }
        state.append(
          AuditEvent(at: now, action: .trailTrimmed, tenant: trail.tenant, target: String(last.sequence)),
          linkedBy: chain)
        state.auditRecords.removeAll { $0.event?.tenant == trail.tenant && $0.head.sequence <= last.sequence }
        state.placedRecords.removeAll {
          $0.record.event?.tenant == trail.tenant && $0.record.head.sequence <= last.sequence
        }
        let head = state.trails[trail.tenant]?.head ?? trail.head
        state.trails[trail.tenant] = AuditTrail(tenant: trail.tenant, head: head, trimmed: last)
      }
    }
  }
}

extension MemoryStore {
  /// Lets somebody at the stored records.
  public func tamper(_ change: (inout [AuditRecord]) -> Void) throws(StoreError) {
    try access { change(&$0.auditRecords) }
  }

  /// As after somebody put an empty store in this one's place.
  public func restartTrails() {
    try? access { state in
      state.auditRecords = []
      state.trails = [:]
    }
  }

  /// Takes away the beginning and makes the store say that this was retention.
  public func trimUnseen(through sequence: Int64) throws(StoreError) {
    try access { state in
      guard let last = state.auditRecords.first(where: { $0.head.sequence == sequence })?.head else { return }
      state.auditRecords.removeAll { $0.head.sequence <= sequence }
      for (tenant, trail) in state.trails {
        state.trails[tenant] = AuditTrail(tenant: tenant, head: trail.head, trimmed: last)
      }
    }
  }
}

extension MemoryStoreState {
  fileprivate mutating func append(_ event: AuditEvent, linkedBy chain: AuditChain) {
    let trail = trails[event.tenant]
    let head = chain.head(after: trail?.head ?? .beginning, adding: event)
    auditRecords.append(AuditRecord(head: head, event: event))
    lastPlace += 1
    placedRecords.append(PlacedRecord(position: lastPlace, record: AuditRecord(head: head, event: event)))
    trails[event.tenant] = AuditTrail(tenant: event.tenant, head: head, trimmed: trail?.trimmed ?? .beginning)
  }

  /// Oldest first; events of the same instant as they were written.
  fileprivate var inOrder: [AuditEvent] {
    auditRecords.compactMap(\.event).enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element)
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
