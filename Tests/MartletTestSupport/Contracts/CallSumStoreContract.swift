import MartletDomain

/// What every `CallSumStore` must do.
public enum CallSumStoreContract {
  private static let hour = Timestamp(milliseconds: 1_800_000_000_000)

  private static func call(
    _ minute: Int, tenant: TenantID = "acme", tool: String? = "echo", client: ClientID = "c", status: Int = 200,
    reason: String? = nil, milliseconds: Int = 20, isForwarded: Bool = true
  ) -> AuditEvent {
    AuditEvent(
      at: hour + .seconds(60 * minute + 7), action: isForwarded ? .exchangeForwarded : .exchangeRefused, tenant: tenant,
      client: client, route: "/time/mcp", method: "tools/call", target: tool, status: status, reason: reason,
      duration: .milliseconds(milliseconds))
  }

  private static func query(
    _ tenant: TenantID?, _ step: Duration?, _ dimensions: Set<CallSumQuery.Dimension>, limit: Int = 10_000
  ) -> CallSumQuery {
    CallSumQuery(
      tenant: tenant, since: hour, until: hour + .seconds(7200), step: step, by: dimensions, limit: limit)
  }

  /// Sums are those of the records, whatever they are told apart by, before and after they are made into hours.
  public static func callsAreSummedUp(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    var preflight = call(0, isForwarded: false)
    preflight.reason = "preflight"
    var stream = call(1)
    stream.method = "GET"
    try await store.appendAuditEvents([
      call(0), call(0, milliseconds: 4), call(0, status: 502, reason: "upstream_status_502"), preflight,
      call(0, tool: "delete", reason: "denied", isForwarded: false), call(0, tenant: "other"),
      AuditEvent(at: hour, action: .loginFailed, tenant: "acme"),
    ])
    try await store.appendAuditEvents([call(0, client: "d"), call(1), stream, call(61, milliseconds: 90_000)])
    let minutes = try await store.callSums(query("acme", .seconds(60), [.tool]))
    try expect(minutes.map(\.calls), is: [4, 1, 1, 1, 1])
    try expect(minutes.prefix(2).map(\.key.tool), is: ["echo", "delete"])
    try expect(Set(minutes.dropFirst(2).map(\.key.tool)), is: ["", "echo"])
    try expect(minutes.first?.failed, is: 1)
    try expect(minutes.first?.durations.counts.first, is: 1)
    try expect(minutes.last?.durations.counts.last, is: 0)
    try expect(minutes.last?.durations.sum, is: .seconds(90))
    for fold in [false, true] {
      if fold {
        try await store.foldCallSums(before: hour + .seconds(3600 + 1800), removingBefore: hour)
        let left = try await store.callSums(query("acme", .seconds(60), []))
        try expect(left.map(\.start), is: [hour, hour + .seconds(61 * 60)])
      }
      let all = try await store.callSums(query(nil, nil, []))
      try expect(all.map(\.calls), is: [9])
      try expect(all.first?.refused, is: 1)
      try expect(all.first?.durations.count, is: 7)
      try expect(try await store.callSums(query("acme", .seconds(3600), [.client])).map(\.calls), is: [6, 1, 1])
      try expect(try await store.callSums(query(nil, nil, [.tenant])).map(\.key.tenant), is: ["acme", "other"])
      try expect(try await store.callSums(query(nil, nil, [.tenant], limit: 1)).count, is: 1)
    }
    try await store.foldCallSums(before: hour, removingBefore: hour + .seconds(3600))
    try expect(try await store.callSums(query(nil, nil, [])).map(\.calls), is: [1])
  }

  /// Each caller's last use of a route is known to within a minute; what was refused is no use.
  public static func usesAreKnown(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    func use(_ seconds: Int, subject: String? = "usr_1", tenant: TenantID = "acme", isForwarded: Bool = true)
      -> AuditEvent
    {
      var event = call(0, tenant: tenant, isForwarded: isForwarded)
      event.at = hour + .seconds(seconds)
      event.subject = subject
      return event
    }
    let known = AccessUse(tenant: "acme", subject: "usr_1", client: "c", route: "/time/mcp")
    try await store.appendAuditEvents([
      use(5), use(3), use(9, isForwarded: false), use(4, subject: nil), use(8, tenant: "other"),
    ])
    try expect(try await store.accessUses(tenant: "acme"), is: [known: hour + .seconds(5)])
    try expect(try await store.accessUses(tenant: nil).count, is: 2)
    try await store.appendAuditEvents([use(64), use(2), use(7, subject: "usr_2")])
    try expect(try await store.accessUses(tenant: "acme")[known], is: hour + .seconds(5))
    try await store.appendAuditEvents([use(65)])
    try expect(try await store.accessUses(tenant: "acme")[known], is: hour + .seconds(65))
    try await store.foldCallSums(before: hour, removingBefore: hour + .seconds(60))
    try expect(Array(try await store.accessUses(tenant: nil).keys), is: [known])
  }

  /// However many tools somebody names, there is a bound to what is told apart.
  public static func A_45_keysAreBounded(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let most = type(of: store).mostCallKeys
    try await store.appendAuditEvents((0..<most).map { call(0, tool: "tool-\($0)") })
    try await store.appendAuditEvents((0..<50).map { call(0, tool: "late-\($0)") } + [call(0, tool: "tool-0")])
    try await store.appendAuditEvents([call(0, tenant: "other", tool: "late-1")])
    let sums = try await store.callSums(query("acme", .seconds(60), [.server, .tool, .client]))
    try expect(sums.count, is: most + 1)
    try expect(sums.first?.key.tool, is: "*")
    try expect(sums.first?.calls, is: 50)
    try expect(sums.dropFirst().first?.key.tool, is: "tool-0")
    try expect(try await store.callSums(query("other", nil, [.tool])).first?.key.tool, is: "late-1")
    try await store.foldCallSums(before: hour + .seconds(7200), removingBefore: hour)
    try expect(try await store.callSums(query("acme", nil, [])).first?.calls, is: most + 51)
  }
}
