import GRDB
import MartletDomain
import StrictCoding

extension Database {
  /// The connection of that name.
  func connection(_ key: ConnectionKey) throws -> UpstreamConnection? {
    try row(
      "SELECT * FROM connection WHERE tenant = :tenant AND route = :route AND owner = :owner",
      ["tenant": .id(key.tenant), "route": .route(key.route), "owner": .text(key.owner.stored)]
    ).map { try UpstreamConnection(row: $0) }
  }

  /// Stores a connection, as the last of all changes.
  func save(_ connection: UpstreamConnection) throws {
    let (key, ledger) = (connection.key, connection.ledger)
    try run(
      """
      INSERT OR REPLACE INTO connection (tenant, route, owner, change, state, reason, version, epoch, is_refreshable,
        may_be_spent, failures, retry_at, intent_node, intent_epoch, intent_started_at, lease_until, issuer, client_id,
        scope, sealed_credential, expires_at, refresh_at, connected_at, refreshed_at, asked_scope, missing_scope,
        repeated_demands, resource)
      VALUES (:tenant, :route, :owner, (SELECT COALESCE(MAX(change), 0) + 1 FROM connection), :state, :reason, :version,
        :epoch, :is_refreshable, :may_be_spent, :failures, :retry_at, :intent_node, :intent_epoch, :intent_started_at,
        :lease_until, :issuer, :client_id, :scope, :sealed_credential, :expires_at, :refresh_at, :connected_at,
        :refreshed_at, :asked_scope, :missing_scope, :repeated_demands, :resource)
      """,
      [
        "tenant": .id(key.tenant), "route": .route(key.route), "owner": .text(key.owner.stored),
        "state": .value(ledger.state), "reason": .text(ledger.reason?.rawValue), "version": .number(ledger.version),
        "epoch": .number(ledger.epoch), "is_refreshable": .flag(ledger.isRefreshable),
        "may_be_spent": .flag(ledger.mayBeSpent), "failures": .number(ledger.failures),
        "retry_at": .time(ledger.retryAt), "intent_node": ledger.intent?.node.value.databaseValue ?? .null,
        "intent_epoch": .number(ledger.intent?.epoch), "intent_started_at": .time(ledger.intent?.startedAt),
        "lease_until": .time(ledger.intent?.leaseUntil), "issuer": .text(connection.issuer),
        "client_id": .text(connection.clientID), "scope": .scope(connection.scope),
        "sealed_credential": .bytes(connection.sealedCredential), "expires_at": .time(connection.expiresAt),
        "refresh_at": .time(connection.refreshAt), "connected_at": .time(connection.connectedAt),
        "refreshed_at": .time(connection.refreshedAt), "asked_scope": .scope(connection.scopes.asked),
        "missing_scope": .scope(connection.scopes.missing),
        "repeated_demands": .number(connection.scopes.repetitions), "resource": .text(connection.resource),
      ])
  }
}

extension ConnectionKey {
  init(row: Row) throws(StoreError) {
    guard let owner = ConnectionOwner(stored: ByteString(try row.bytes("owner"))) else {
      throw .corrupt("column owner: nobody's")
    }
    self.init(tenant: try row.id("tenant"), route: try row.route("route"), owner: owner)
  }
}

extension UpstreamConnection {
  init(row: Row) throws(StoreError) {
    self.init(
      key: try ConnectionKey(row: row), ledger: try RefreshLedger(row: row), issuer: try row.text("issuer"),
      clientID: try row.text("client_id"), scope: try row.scope("scope"),
      sealedCredential: try row.optionalBytes("sealed_credential"), expiresAt: try row.optionalTime("expires_at"),
      refreshAt: try row.optionalTime("refresh_at"), connectedAt: try row.time("connected_at"),
      refreshedAt: try row.optionalTime("refreshed_at"), scopes: try ScopeLedger(row: row),
      resource: try row.optionalText("resource"))
  }
}

extension ScopeLedger {
  fileprivate init(row: Row) throws(StoreError) {
    let asked = try row.optionalText("asked_scope") == nil ? "scope" : "asked_scope"
    self.init(
      asked: try row.scope(asked), missing: try row.scope("missing_scope"),
      repetitions: Int(try row.number("repeated_demands")))
  }
}

extension RefreshLedger {
  fileprivate init(row: Row) throws(StoreError) {
    let reason: ConnectionReason? = try row.optionalText("reason") == nil ? nil : try row.value("reason")
    self.init(
      state: try row.value("state"), reason: reason, version: Int(try row.number("version")),
      epoch: Int(try row.number("epoch")), intent: try RefreshIntent(row: row),
      isRefreshable: try row.flag("is_refreshable"), mayBeSpent: try row.flag("may_be_spent"),
      failures: Int(try row.number("failures")), retryAt: try row.optionalTime("retry_at"))
  }
}

extension RefreshIntent {
  fileprivate init?(row: Row) throws(StoreError) {
    guard let node = try row.optionalNumber("intent_node") else { return nil }
    self.init(
      node: NodeID(node), epoch: Int(try row.number("intent_epoch")), startedAt: try row.time("intent_started_at"),
      leaseUntil: try row.time("lease_until"))
  }
}
