import MartletDomain
import StrictCoding

/// What every `ApprovalStore` and `QuotaStore` must do.
public enum ApprovalStoreContract {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let capacity = ApprovalCapacity(ofSubject: 2, ofTenant: 3)

  private static func asked(
    _ id: ApprovalID, tenant: TenantID = "acme", subject: ByteString = "usr_a", client: ClientID = "c",
    server: ServerName = "github", tool: ByteString = "deploy", arguments: [UInt8] = [1], definition: [UInt8] = [2],
    policy: [UInt8] = [3]
  ) -> Approval {
    let caller = PrincipalBinding(
      tenant: tenant, issuer: "https://gw", subject: subject, client: client, route: RouteID(server: server))
    let call = ApprovalCall(
      caller: caller, key: "ci", method: "tools/call", target: tool, arguments: arguments, definition: definition,
      policy: policy, rule: "ask")
    return Approval(
      id: id, call: call, sealedArguments: [9, 0, 9], lifetime: .seconds(900), askedAt: now,
      expiresAt: now + .seconds(900))
  }

  private static func decide(_ store: any DurableStore, _ asked: Approval, _ state: ApprovalState, at time: Timestamp)
    async throws -> Approval?
  {
    try await store.decideApproval(
      asked.id,
      ApprovalDecision(state: state, by: "usr_b", binding: asked.call.binding, until: time + .seconds(900)), at: time)
  }

  /// V-032: an approval fits one call alone, is spent by it, and of what differs nothing is spent.
  public static func anApprovalFitsOneCall(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let first = asked("apr_1")
    try expect(
      try await store.claimApproval(first, capacity: capacity, at: now), is: .waiting(first, isNew: true))
    try expect(
      try await store.claimApproval(asked("apr_x"), capacity: capacity, at: now), is: .waiting(first, isNew: false),
      "a repeated call finds its request")
    let stranger = ApprovalDecision(state: .approved, by: "usr_b", binding: [7], until: now + .seconds(900))
    try expect(try await store.decideApproval("apr_1", stranger, at: now), is: nil, "another call was shown")
    let decided = try await decide(store, first, .approved, at: now)
    try expect(decided?.state, is: .approved)
    try expect(try await decide(store, first, .denied, at: now), is: nil, "decided once")
    let others = [
      asked("apr_2", tenant: "umbrella"), asked("apr_2", subject: "usr_c"), asked("apr_2", client: "d"),
      asked("apr_2", server: "gitlab"), asked("apr_2", tool: "delete"), asked("apr_2", arguments: [8]),
      asked("apr_2", definition: [8]), asked("apr_2", policy: [8]),
    ]
    for other in others {
      let claim = try await store.claimApproval(other, capacity: capacity, at: now)
      try expect(claim, is: .waiting(other, isNew: true), "\(other.call)")
      _ = try await store.revokeApproval("apr_2", by: "test", at: now)
      try await store.removeEndedApprovals(before: .distantFuture)
    }
    guard case .spent(let spent) = try await store.claimApproval(asked("apr_3"), capacity: capacity, at: now) else {
      throw ContractViolation("not spent", file: #fileID, line: #line)
    }
    try expect(spent.id, is: "apr_1")
    try expect(spent.state, is: .used)
    try expect(try await store.approval("apr_1")?.usedAt, is: now)
    let again = asked("apr_4")
    try expect(try await store.claimApproval(again, capacity: capacity, at: now), is: .waiting(again, isNew: true))
  }

  /// V-032 d: of many at once exactly one spends an approval.
  public static func anApprovalIsSpentOnce(makeStores: SharedStoreMaker, attempts: Int) async throws {
    let stores = try await makeStores(4)
    let first = asked("apr_1")
    _ = try await stores[0].claimApproval(first, capacity: capacity, at: now)
    _ = try await decide(stores[0], first, .approved, at: now)
    let claims = try await atOnce(attempts, over: stores) { number, store in
      try await store.claimApproval(asked(ApprovalID("apr_n\(number)")), capacity: capacity, at: now)
    }
    let spent = claims.filter { if case .spent = $0 { true } else { false } }
    try expect(spent.count, is: 1)
  }

  /// What is allowed for a time fits other arguments, and nothing else; it ends by time, by hand and with its owner.
  public static func grantsEnd(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let first = asked("apr_1")
    _ = try await store.claimApproval(first, capacity: capacity, at: now)
    _ = try await decide(store, first, .granted, at: now)
    func claim(_ one: Approval, at time: Timestamp = now) async throws -> String {
      switch try await store.claimApproval(one, capacity: capacity, at: time) {
      case .spent: "spent"
      case .granted: "granted"
      case .waiting: "waiting"
      case .denied: "denied"
      case .full: "full"
      }
    }
    try expect(try await claim(asked("apr_2", arguments: [4])), is: "granted")
    try expect(try await claim(asked("apr_2", arguments: [5])), is: "granted")
    try expect(try await claim(asked("apr_2", tool: "delete")), is: "waiting")
    try expect(try await claim(asked("apr_3", definition: [5])), is: "waiting")
    try expect(try await claim(asked("apr_4", tool: "third")), is: "full", "two of a user wait")
    try expect(try await claim(asked("apr_5", subject: "usr_c")), is: "waiting")
    try expect(try await claim(asked("apr_6", subject: "usr_d")), is: "full", "three of a tenant wait")
    try expect(try await claim(asked("apr_7", tenant: "umbrella")), is: "waiting")
    let late = now + .seconds(900)
    try expect(try await store.approvals(ApprovalFilter(states: [.granted], liveAt: now)).map(\.id), is: ["apr_1"])
    try expect(try await store.approvals(ApprovalFilter(states: [.granted], liveAt: late)).map(\.id), is: [])
    try expect(try await store.endApprovals(of: .user("umbrella", "usr_c"), at: now), is: 0)
    try expect(try await store.endApprovals(of: .user("acme", "usr_a"), at: now), is: 3)
    try expect(try await claim(asked("apr_8", arguments: [4])), is: "waiting")
    try expect(Set(try await store.expireApprovals(at: late).map(\.id)), is: ["apr_5", "apr_7", "apr_8"])
    try expect(try await store.expireApprovals(at: late), is: [])
    let denied = asked("apr_9", arguments: [6])
    _ = try await store.claimApproval(denied, capacity: capacity, at: now)
    _ = try await decide(store, denied, .denied, at: now)
    try expect(try await claim(asked("apr_10", arguments: [6])), is: "denied")
    try expect(try await claim(asked("apr_11", arguments: [6]), at: late), is: "waiting", "a refusal ends, too")
  }

  /// Never more than a quota is handed out, by however many at once; days, limits and tenants don't meet.
  public static func quotasAreNeverExceeded(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(4)
    let key = QuotaKey(tenant: "acme", day: 20_000, limit: "daily", digest: [1])
    let parts = try await atOnce(30, over: stores) { _, store in try await store.takeQuota(key, wanted: 7, of: 100) }
    try expect(parts.reduce(0, +), is: 100)
    try expect(try await stores[0].takeQuota(key, wanted: 1, of: 100), is: 0)
    try await stores[1].returnQuota([key: 5])
    try expect(try await stores[2].takeQuota(key, wanted: 9, of: 100), is: 5)
    try expect(try await stores[2].takenQuota(key), is: 100)
    for other in [
      QuotaKey(tenant: "umbrella", day: 20_000, limit: "daily", digest: [1]),
      QuotaKey(tenant: "acme", day: 20_001, limit: "daily", digest: [1]),
      QuotaKey(tenant: "acme", day: 20_000, limit: "other", digest: [1]),
      QuotaKey(tenant: "acme", day: 20_000, limit: "daily", digest: [2]),
    ] { try expect(try await stores[0].takeQuota(other, wanted: 3, of: 3), is: 3) }
    try await stores[3].removeQuotas(before: 20_001)
    try expect(try await stores[3].takenQuota(key), is: 0)
  }
}
