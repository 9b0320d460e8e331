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
      reason: "ok", duration: .microseconds(1234), address: "127.0.0.1")
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
    try expect(try await store.auditEvents(flow: "f"), is: [full])
    let every = AuditAction.allCases.map { sample.event($0, after: .seconds(9)) }
    try await store.appendAuditEvents(every)
    try await store.removeAuditEvents(before: sample.now + .seconds(9))
    try expect(try await store.auditEvents(tenant: nil, limit: 1000), is: Array(every.reversed()))
  }

  /// Flows are summed up, the newest first; a flow whose token was never presented can be told from the others.
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
    try expect(try await store.flows(limit: 0), is: [])
    try expect(try await store.flows(limit: -5), is: [])
    let steps = try await store.auditEvents(flow: "one")
    try expect(steps.map(\.action), is: [.routeProbed, .clientRegistered, .routeProbed, .tokenIssued])
  }
}
