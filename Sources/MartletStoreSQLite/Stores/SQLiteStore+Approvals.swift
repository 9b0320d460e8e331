import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `ApprovalStore`.
  public func claimApproval(_ asked: Approval, capacity: ApprovalCapacity, at now: Timestamp)
    async throws(StoreError) -> ApprovalClaim
  {
    try await write { database in
      let place: [String: DatabaseValue] = ["tenant": .id(asked.tenant), "now": .time(now)]
      if let row = try database.row(
        """
        SELECT * FROM approval WHERE tenant = :tenant AND binding = :binding AND state = 'approved' AND expires_at > :now
        ORDER BY decided_at LIMIT 1
        """, place.merging(["binding": .bytes(asked.call.binding)]) { $1 })
      {
        return .spent(try database.use(try Approval(row: row), as: .used, at: now))
      }
      if let row = try database.row(
        """
        SELECT * FROM approval WHERE tenant = :tenant AND scope = :scope AND state = 'granted' AND expires_at > :now
        ORDER BY expires_at DESC LIMIT 1
        """, place.merging(["scope": .bytes(asked.call.scope)]) { $1 })
      {
        return .granted(try database.use(try Approval(row: row), as: .granted, at: now))
      }
      if let row = try database.row(
        """
        SELECT * FROM approval
        WHERE tenant = :tenant AND binding = :binding AND state IN ('pending', 'denied') AND expires_at > :now
        ORDER BY asked_at DESC LIMIT 1
        """, place.merging(["binding": .bytes(asked.call.binding)]) { $1 })
      {
        let found = try Approval(row: row)
        return found.state == .denied ? .denied(found) : .waiting(found, isNew: false)
      }
      let ofTenant = try database.count(
        "SELECT COUNT(*) FROM approval WHERE tenant = :tenant AND state = 'pending' AND expires_at > :now", place)
      let ofSubject = try database.count(
        """
        SELECT COUNT(*) FROM approval
        WHERE tenant = :tenant AND subject = :subject AND state = 'pending' AND expires_at > :now
        """, place.merging(["subject": .id(asked.requester)]) { $1 })
      guard ofTenant < capacity.ofTenant, ofSubject < capacity.ofSubject else { return .full }
      try database.insert(asked)
      return .waiting(asked, isNew: true)
    }
  }

  /// See `ApprovalStore`.
  public func approval(_ id: ApprovalID) async throws(StoreError) -> Approval? {
    try await read { database in try database.approval(id) }
  }

  /// See `ApprovalStore`.
  public func approvals(_ filter: ApprovalFilter) async throws(StoreError) -> [Approval] {
    let states = (filter.states ?? Set(ApprovalState.allCases)).map(\.rawValue)
    return try await read { database in
      try database.rows(
        """
        SELECT * FROM approval
        WHERE (:tenant IS NULL OR tenant = :tenant) AND (:subject IS NULL OR subject = :subject)
          AND (:live_at IS NULL OR expires_at > :live_at) AND state IN (SELECT value FROM json_each(:states))
        ORDER BY asked_at DESC, id LIMIT :limit
        """,
        [
          "tenant": .id(filter.tenant), "subject": .id(filter.requester),
          "live_at": .time(filter.liveAt), "states": .texts(states), "limit": .number(max(0, filter.limit)),
        ]
      ).map { try Approval(row: $0) }
    }
  }

  /// See `ApprovalStore`.
  public func decideApproval(_ id: ApprovalID, _ decision: ApprovalDecision, at now: Timestamp)
    async throws(StoreError) -> Approval?
  {
    try await write { database in
      let isDecided = try database.changes(
        """
        UPDATE approval SET state = :state, decided_at = :now, decided_by = :by, expires_at = :until
        WHERE id = :id AND state = 'pending' AND expires_at > :now AND binding = :binding
        """,
        [
          "id": .id(id), "state": .value(decision.state), "now": .time(now), "by": .text(decision.by),
          "until": .time(decision.until), "binding": .bytes(decision.binding),
        ])
      return isDecided ? try database.approval(id) : nil
    }
  }
}

extension SQLiteStore {
  /// See `ApprovalStore`.
  public func revokeApproval(_ id: ApprovalID, by: String, at now: Timestamp) async throws(StoreError) -> Approval? {
    try await write { database in
      let isRevoked = try database.changes(
        """
        UPDATE approval SET state = 'revoked', decided_by = :by, decided_at = :now
        WHERE id = :id AND state IN ('pending', 'approved', 'granted') AND expires_at > :now
        """, ["id": .id(id), "by": .text(by), "now": .time(now)])
      return isRevoked ? try database.approval(id) : nil
    }
  }

  /// See `ApprovalStore`.
  public func endApprovals(of target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> Int {
    var place: [String: DatabaseValue] = [
      "now": .time(now), "tenant": .null, "subject": .null, "client": .null, "route": .null,
    ]
    switch target {
    case .accessToken, .grant: return 0
    case .user(let tenant, let user): (place["tenant"], place["subject"]) = (.id(tenant), .id(user))
    case .client(let client): place["client"] = .id(client)
    case .tenant(let tenant): place["tenant"] = .id(tenant)
    case .route(let route): place["route"] = .route(route)
    }
    let values = place
    return try await write { database in
      try database.run(
        """
        UPDATE approval SET state = 'revoked', decided_at = :now
        WHERE state IN ('pending', 'approved', 'granted') AND expires_at > :now
          AND (:tenant IS NULL OR tenant = :tenant) AND (:subject IS NULL OR subject = :subject)
          AND (:client IS NULL OR client = :client) AND (:route IS NULL OR route = :route)
        """, values)
      return database.changesCount
    }
  }

  /// See `ApprovalStore`.
  public func expireApprovals(at now: Timestamp) async throws(StoreError) -> [Approval] {
    try await write { database in
      let rows = try database.rows(
        """
        SELECT * FROM approval WHERE expires_at <= :now AND state IN ('pending', 'approved', 'granted')
        ORDER BY expires_at LIMIT 1000
        """, ["now": .time(now)])
      return try rows.map { row in
        var approval = try Approval(row: row)
        approval.state = .expired
        try database.run("UPDATE approval SET state = 'expired' WHERE id = :id", ["id": .id(approval.id)])
        return approval
      }
    }
  }

  /// See `ApprovalStore`.
  public func removeEndedApprovals(before time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "DELETE FROM approval WHERE expires_at < :time AND state NOT IN ('pending', 'approved', 'granted')",
        ["time": .time(time)])
    }
  }
}

extension Database {
  fileprivate func approval(_ id: ApprovalID) throws -> Approval? {
    try row("SELECT * FROM approval WHERE id = :id", ["id": .id(id)]).map { try Approval(row: $0) }
  }

  fileprivate func use(_ approval: Approval, as state: ApprovalState, at now: Timestamp) throws -> Approval {
    var approval = approval
    (approval.state, approval.usedAt) = (state, now)
    try run(
      "UPDATE approval SET state = :state, used_at = :now WHERE id = :id",
      ["state": .value(state), "now": .time(now), "id": .id(approval.id)])
    return approval
  }

  fileprivate func insert(_ approval: Approval) throws {
    let call = approval.call
    try run(
      """
      INSERT INTO approval (
        id, tenant, issuer, subject, client, key_name, route, method, target, arguments, definition, policy, rule,
        binding, scope, sealed_arguments, lifetime, state, asked_at, expires_at)
      VALUES (
        :id, :tenant, :issuer, :subject, :client, :key_name, :route, :method, :target, :arguments, :definition, :policy,
        :rule, :binding, :scope, :sealed_arguments, :lifetime, :state, :asked_at, :expires_at)
      """,
      [
        "id": .id(approval.id), "tenant": .id(call.caller.tenant), "issuer": .text(call.caller.issuer),
        "subject": .text(call.caller.subject), "client": .id(call.caller.client), "key_name": .text(call.key),
        "route": .route(call.caller.route), "method": .text(call.method), "target": .text(call.target),
        "arguments": .bytes(call.arguments), "definition": .bytes(call.definition), "policy": .bytes(call.policy),
        "rule": .text(call.rule), "binding": .bytes(call.binding), "scope": .bytes(call.scope),
        "sealed_arguments": .bytes(approval.sealedArguments),
        "lifetime": approval.lifetime.milliseconds.databaseValue, "state": .value(approval.state),
        "asked_at": .time(approval.askedAt), "expires_at": .time(approval.expiresAt),
      ])
  }
}

extension Approval {
  fileprivate init(row: Row) throws(StoreError) {
    let caller = PrincipalBinding(
      tenant: try row.id("tenant"), issuer: ByteString(try row.bytes("issuer")),
      subject: ByteString(try row.bytes("subject")), client: try row.id("client"), route: try row.route("route"))
    let call = ApprovalCall(
      caller: caller, key: try row.optionalText("key_name"), method: try row.text("method"),
      target: ByteString(try row.bytes("target")), arguments: try row.bytes("arguments"),
      definition: try row.bytes("definition"), policy: try row.bytes("policy"), rule: try row.text("rule"))
    self.init(
      id: try row.id("id"), call: call, sealedArguments: try row.bytes("sealed_arguments"),
      lifetime: .milliseconds(try row.number("lifetime")), state: try row.value("state"),
      askedAt: try row.time("asked_at"), expiresAt: try row.time("expires_at"),
      decidedAt: try row.optionalTime("decided_at"), decidedBy: try row.optionalText("decided_by"),
      usedAt: try row.optionalTime("used_at"))
  }
}
