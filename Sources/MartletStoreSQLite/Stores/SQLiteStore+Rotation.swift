import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore: SealingStore {
  /// See `SealingStore`.
  public func keyRotation() async throws(StoreError) -> KeyRotation? {
    try await read { database in
      try database.row("SELECT * FROM key_rotation WHERE NOT is_ended ORDER BY position LIMIT 1").map { row in
        KeyRotation(
          begunAt: try row.time("begun_at"), masterKey: try row.optionalText("master_key"),
          replacesDataKeys: try row.flag("replaces_data_keys"))
      }
    }
  }

  /// See `SealingStore`.
  public func beginKeyRotation(_ rotation: KeyRotation) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        INSERT INTO key_rotation (begun_at, master_key, replaces_data_keys)
        VALUES (:begun_at, :master_key, :replaces_data_keys)
        """,
        [
          "begun_at": .time(rotation.begunAt), "master_key": .text(rotation.masterKey),
          "replaces_data_keys": .flag(rotation.replacesDataKeys),
        ])
    }
  }

  /// See `SealingStore`.
  public func endKeyRotation() async throws(StoreError) {
    try await write { database in try database.run("UPDATE key_rotation SET is_ended = 1 WHERE NOT is_ended") }
  }

  /// See `SealingStore`.
  public func derivationRoot() async throws(StoreError) -> [UInt8]? {
    try await read { database in try database.sealedRoot() }
  }

  /// The same, for those who open an installation.
  public func derivationRootAtOnce() throws(StoreError) -> [UInt8]? {
    do { return try pool.read { try $0.sealedRoot() } } catch { throw StoreError(translating: error) }
  }

  /// The names of the master keys that something is sealed under, for those who open an installation.
  public func masterKeysAtOnce(at now: Timestamp) throws(StoreError) -> Set<String> {
    do { return try pool.read { Set(try $0.masterUses(at: now).map(\.key)) } } catch {
      throw StoreError(translating: error)
    }
  }

  /// See `SealingStore`.
  public func keepDerivationRoot(_ sealed: [UInt8]) async throws(StoreError) {
    try await write { database in
      try database.run(
        "INSERT OR IGNORE INTO derivation_root (position, sealed_root) VALUES (1, :root)", ["root": .bytes(sealed)])
    }
  }

  /// See `SealingStore`.
  public func tenantsWithDataKeys() async throws(StoreError) -> [TenantID] {
    try await read { database in
      try database.rows("SELECT DISTINCT tenant FROM data_key ORDER BY tenant").map { try $0.id("tenant") }
    }
  }

  /// See `SealingStore`.
  public func connections(
    sealedOtherThanUnder name: String, of tenant: TenantID, after last: ConnectionKey?, limit: Int
  ) async throws(StoreError) -> [UpstreamConnection] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM connection
        WHERE tenant = :tenant AND sealed_credential IS NOT NULL AND substr(sealed_credential, 2, 8) <> :key
          AND (:route IS NULL OR (route, owner) > (:route, :owner))
        ORDER BY route, owner LIMIT :limit
        """,
        [
          "tenant": .id(tenant), "key": .keyID(name), "route": .route(last?.route),
          "owner": last.map { .text($0.owner.stored) } ?? .null, "limit": limit.databaseValue,
        ]
      ).map { try UpstreamConnection(row: $0) }
    }
  }

  /// See `SealingStore`.
  public func resealCredentials(_ credentials: [ResealedCredential]) async throws(StoreError) {
    try await write { database in
      for credential in credentials {
        try database.run(
          """
          UPDATE connection SET sealed_credential = :new
          WHERE tenant = :tenant AND route = :route AND owner = :owner AND version = :version
            AND sealed_credential = :old
          """,
          [
            "new": .bytes(credential.new), "old": .bytes(credential.old), "tenant": .id(credential.key.tenant),
            "route": .route(credential.key.route), "owner": .text(credential.key.owner.stored),
            "version": .number(credential.version),
          ])
      }
    }
  }

  /// See `SealingStore`.
  public func retireDataKey(
    _ name: String, of tenant: TenantID, at now: Timestamp, after rest: Duration
  ) async throws(StoreError) -> Bool {
    try await write { database in
      let newest = try database.row(
        "SELECT name, created_at FROM data_key WHERE tenant = :tenant ORDER BY position DESC LIMIT 1",
        ["tenant": .id(tenant)])
      guard let newest, try newest.text("name") != name else { return false }
      // A refresh that began before every process knew the newer key may still bring tokens under this one.
      let known = try newest.time("created_at") + rest
      guard known <= now else { return false }
      let busy = try database.count(
        """
        SELECT EXISTS (SELECT 1 FROM connection WHERE tenant = :tenant AND sealed_credential IS NOT NULL
            AND substr(sealed_credential, 2, 8) = :key)
          OR EXISTS (SELECT 1 FROM connection WHERE lease_until IS NOT NULL AND tenant = :tenant
            AND intent_started_at <= :known)
        """, ["tenant": .id(tenant), "key": .keyID(name), "known": .time(known)])
      guard busy == 0 else { return false }
      try database.retire(name, of: tenant, at: now)
      return try database.changes(
        "DELETE FROM data_key WHERE tenant = :tenant AND name = :name", ["tenant": .id(tenant), "name": .text(name)])
    }
  }

  /// See `SealingStore`.
  public func retireMasterKey(_ name: String, at now: Timestamp) async throws(StoreError) -> Bool {
    try await write { database in
      guard try !database.masterUses(at: now).contains(where: { $0.key == name }) else { return false }
      try database.retire(name, of: .default, at: now)
      return true
    }
  }
}

extension Database {
  fileprivate func sealedRoot() throws -> [UInt8]? {
    try row("SELECT sealed_root FROM derivation_root").map { try $0.bytes("sealed_root") }
  }

  fileprivate func retire(_ name: String, of tenant: TenantID, at now: Timestamp) throws {
    try run(
      "INSERT OR IGNORE INTO retired_sealing_key (id, tenant, retired_at) VALUES (:id, :tenant, :now)",
      ["id": .keyID(name), "tenant": .id(tenant), "now": .time(now)])
  }
}

extension DatabaseValue {
  /// A key's name as it stands in what it sealed.
  static func keyID(_ name: String) -> DatabaseValue { .bytes(Hex.decode(name) ?? []) }
}
