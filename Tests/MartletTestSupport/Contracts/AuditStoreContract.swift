import MartletDomain

/// What every `AuditStore` must do.
public enum AuditStoreContract {
  /// Events come back as written, newest first, per tenant.
  public static func eventsComeBack(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var full = AuditEvent(
      at: sample.now + .seconds(3), action: .exchangeForwarded, tenant: "acme", flow: "f", request: "r",
      subject: "s\u{0}'", client: "c", route: "/time/mcp", method: "tools/call", target: "now", status: 200,
      reason: "ok", duration: .microseconds(1234), address: "127.0.0.1", key: "prod")
    full.subject = "o'hara"
    let bare = sample.event(.processStarted)
    let twin = sample.event(.processStopped)
    try await store.appendAuditEvents([full])
    try await store.appendAuditEvents([bare, twin])
    try await store.appendAuditEvents([])
    try expect(try await store.auditEvents(tenant: nil, limit: 10), is: [full, twin, bare])
    try expect(try await store.auditEvents(tenant: nil, limit: 2), is: [full, twin])
    try expect(try await store.auditEvents(tenant: "acme", limit: 10), is: [full])
    try expect(try await store.auditEvents(tenant: .default, limit: 10), is: [twin, bare])
    try expect(try await store.auditEvents(tenant: nil, limit: 0), is: [])
    try expect(try await store.auditEvents(tenant: nil, limit: -1), is: [])
    try expect(try await store.auditEvents(flow: "f"), is: [])
    let every = AuditAction.allCases.map { sample.event($0, after: .seconds(9)) }
    try await store.appendAuditEvents(every)
    let later = sample.now + .seconds(20)
    try await store.removeAuditEvents(before: sample.now + .seconds(9), at: later, linkedBy: .test)
    let rest = try await store.auditEvents(tenant: nil, limit: 1000)
    try expect(rest.filter { $0.at < later }, is: Array(every.reversed()))
    try expect(rest.filter { $0.at == later }.map(\.target), is: ["2", "1"])
  }

  /// Each tenant's records are numbered and linked, across batches, and what was removed leaves its last digest.
  public static func A_03_trailsAreChains(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var foreign = sample.event(.loginFailed, after: .seconds(2))
    foreign.tenant = "acme"
    var own = (1...5).map { sample.event(.tokenIssued, after: .seconds($0)) }
    // A NUL ends text in SQL; what is behind it belongs to the record too.
    own[1].subject = "o'\u{0}hara"
    try await store.appendAuditEvents([own[0], foreign, own[1]])
    try await store.appendAuditEvents([own[2]])
    var head = AuditHead.beginning
    var expected: [AuditRecord] = []
    for event in own.prefix(3) {
      head = AuditChain.test.head(after: head, adding: event)
      expected.append(AuditRecord(head: head, event: event))
    }
    try expect(try await store.auditRecords(of: .default, after: 0, limit: 10), is: expected)
    try expect(try await store.auditRecords(of: .default, after: 1, limit: 1), is: [expected[1]])
    try expect(
      try await store.auditTrails(),
      is: [
        AuditTrail(
          tenant: "acme", head: AuditChain.test.head(after: .beginning, adding: foreign), trimmed: .beginning),
        AuditTrail(tenant: .default, head: head, trimmed: .beginning),
      ])
    try await store.removeAuditEvents(before: own[1].at + .milliseconds(1), at: own[4].at, linkedBy: .test)
    let trail = try await store.auditTrails().first { $0.tenant == .default }
    try expect(trail?.trimmed, is: expected[1].head)
    let left = try await store.auditRecords(of: .default, after: 0, limit: 10)
    try expect(left.map(\.head.sequence), is: [3, 4])
    try expect(left.last?.event?.action, is: .trailTrimmed)
    try expect(left.last?.event?.target, is: "2")
    // Nothing more to remove: nothing is noted.
    try await store.removeAuditEvents(before: own[1].at, at: own[4].at, linkedBy: .test)
    try expect(try await store.auditRecords(of: .default, after: 0, limit: 10), is: left)
  }

  /// Tenants whose records are kept for another time keep theirs, or lose them earlier.
  public static func A_13_tenantsHaveARetentionOfTheirOwn(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    for tenant: TenantID in [.default, "acme", "globex"] {
      try await store.appendAuditEvents(
        (1...3).map { second in
          var event = sample.event(.tokenIssued, after: .seconds(second))
          event.tenant = tenant
          return event
        })
    }
    let time = { (seconds: Int) in sample.now + .seconds(seconds) }
    try await store.removeAuditEvents(
      before: time(2), ["acme": time(3), "globex": time(0)], at: time(9), linkedBy: .test)
    for (tenant, left) in [(TenantID.default, [Int64(2), 3, 4]), ("acme", [3, 4]), ("globex", [1, 2, 3])] {
      let records = try await store.auditRecords(of: tenant, after: 0, limit: 10)
      try expect(records.map(\.head.sequence), is: left)
    }
  }

  /// Events are found by whatever is known of them.
  public static func eventsAreFound(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let wanted = AuditEvent(
      at: sample.now + .seconds(5), action: .exchangeRefused, tenant: "acme", subject: "u", client: "c",
      route: "/time/mcp", target: "now")
    try await store.appendAuditEvents([
      sample.event(.processStarted), wanted, sample.event(.processStopped, after: .seconds(9)),
    ])
    let changes: [(inout AuditFilter) -> Void] = [
      { $0.tenant = "acme" }, { $0.subject = "u" }, { $0.client = "c" }, { $0.route = "/time/mcp" },
      { $0.action = .exchangeRefused }, { $0.target = "now" },
      {
        $0.since = wanted.at; $0.until = wanted.at + .milliseconds(1)
      },
    ]
    for change in changes {
      var filter = AuditFilter()
      change(&filter)
      try expect(try await store.auditEvents(matching: filter, before: nil, limit: 10).map(\.event), is: [wanted])
      filter.until = wanted.at
      try expect(try await store.auditEvents(matching: filter, before: nil, limit: 10).map(\.event), is: [])
    }
    let first = try await store.auditEvents(matching: AuditFilter(), before: nil, limit: 2)
    try expect(first.map(\.event.action), is: [.processStopped, .exchangeRefused])
    let rest = try await store.auditEvents(matching: AuditFilter(), before: first.last?.position, limit: 2)
    try expect(rest.map(\.event.action), is: [.processStarted])
    try expect(
      try await store.auditEvents(matching: AuditFilter(), before: rest.last?.position, limit: 2).count, is: 0)
  }

  /// Flows are summed up, the newest first; a flow whose token was never presented can be told from the others. The calls
  /// that came through with it don't belong to it.
  public static func flowsAreSummedUp(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var registered = sample.event(.clientRegistered, flow: "one", after: .seconds(1))
    registered.client = "client-1"
    var issued = sample.event(.tokenIssued, flow: "one", after: .seconds(8))
    issued.client = "client-2"
    issued.route = "/time/mcp"
    try await store.appendAuditEvents([
      issued, sample.event(.routeProbed, flow: "one"), registered,
      sample.event(.routeProbed, flow: "one", after: .seconds(2)),
      sample.event(.processStarted, after: .seconds(50)), sample.event(.routeProbed, flow: "two", after: .seconds(5)),
      sample.event(.routeProbed, flow: "three", after: .seconds(5)),
      sample.event(.exchangeForwarded, flow: "one", after: .seconds(60)),
      sample.event(.exchangeForwarded, flow: "four", after: .seconds(60)),
    ])
    let one = FlowSummary(
      flow: "one", startedAt: sample.now, endedAt: sample.now + .seconds(8), client: "client-1", route: "/time/mcp",
      actions: [.routeProbed, .clientRegistered, .tokenIssued])
    let two = FlowSummary(
      flow: "two", startedAt: sample.now + .seconds(5), endedAt: sample.now + .seconds(5), client: nil, route: nil,
      actions: [.routeProbed])
    var three = two
    three.flow = "three"
    try expect(try await store.flows(limit: 10), is: [three, two, one])
    try expect(try await store.flows(limit: 2), is: [three, two])
    try expect(try await store.flows(before: "three", limit: 1), is: [two])
    try expect(try await store.flows(before: "two", limit: 10), is: [one])
    try expect(try await store.flows(before: "gone", limit: 10), is: [])
    try expect(try await store.flows(limit: 0), is: [])
    try expect(try await store.flows(limit: -5), is: [])
    let steps = try await store.auditEvents(flow: "one")
    try expect(steps.map(\.action), is: [.routeProbed, .clientRegistered, .routeProbed, .tokenIssued])
  }
}
