import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `SealingStore`.
  public func valuesSealed(otherThanUnder masterKey: String) async throws(StoreError) -> [MasterSealedValue] {
    try await read { database in
      let keys = try database.rows("SELECT * FROM data_key ORDER BY tenant, position").map { row in
        MasterSealedValue.dataKey(try DataKey(row: row))
      }
      let signing = try database.rows("SELECT * FROM signing_key ORDER BY position").map { row in
        MasterSealedValue.signingKey(try SigningKeyRecord(row: row))
      }
      let registrations = try database.rows(
        "SELECT * FROM upstream_registration WHERE sealed_secret IS NOT NULL ORDER BY position"
      ).map { row in MasterSealedValue.registration(try UpstreamRegistration(row: row)) }
      let root = try database.rows("SELECT sealed_root FROM derivation_root").map { row in
        MasterSealedValue.derivationRoot(try row.bytes("sealed_root"))
      }
      return (root + keys + signing + registrations).filter { value in
        value.sealed.flatMap { Sealer.keyName(of: $0) } != masterKey
      }
    }
  }

  /// See `SealingStore`.
  public func reseal(_ value: MasterSealedValue, as sealed: [UInt8]) async throws(StoreError) -> Bool {
    try await write { database in
      let bytes: [String: DatabaseValue] = ["new": .bytes(sealed), "old": .bytes(value.sealed)]
      switch value {
      case .dataKey(let key):
        let place: [String: DatabaseValue] = ["tenant": .id(key.tenant), "name": .text(key.name)]
        return try database.changes(
          "UPDATE data_key SET sealed_key = :new WHERE tenant = :tenant AND name = :name AND sealed_key = :old",
          bytes.merging(place) { $1 })
      case .signingKey(let key):
        return try database.changes(
          "UPDATE signing_key SET sealed_private_key = :new WHERE id = :id AND sealed_private_key = :old",
          bytes.merging(["id": .text(key.id)]) { $1 })
      case .registration(let own):
        let place: [String: DatabaseValue] = [
          "route": .route(own.route), "issuer": .text(own.issuer), "client_id": .text(own.clientID),
        ]
        return try database.changes(
          """
          UPDATE upstream_registration SET sealed_secret = :new
          WHERE route = :route AND issuer = :issuer AND client_id = :client_id AND sealed_secret = :old
          """, bytes.merging(place) { $1 })
      case .derivationRoot:
        return try database.changes("UPDATE derivation_root SET sealed_root = :new WHERE sealed_root = :old", bytes)
      }
    }
  }

  /// See `SealingStore`.
  public func sealedUses(at now: Timestamp) async throws(StoreError) -> [SealedUse] {
    try await read { database in
      let credentials = try database.rows(
        """
        SELECT tenant, substr(sealed_credential, 2, 8) AS key, COUNT(*) AS count FROM connection
        WHERE sealed_credential IS NOT NULL GROUP BY 1, 2
        """
      ).map { row in
        SealedUse(
          kind: "credential", tenant: try row.id("tenant"), key: Hex.encode(try row.bytes("key")),
          count: Int(try row.number("count")))
      }
      return try database.masterUses(at: now) + credentials
    }
  }
}

extension Database {
  /// What is sealed under which master key. What ends by itself counts until then.
  ///
  /// The schema is asked: whatever table has a column `sealed_…` counts, so that no later one is forgotten.
  func masterUses(at now: Timestamp) throws -> [SealedUse] {
    try sealedColumns().flatMap { place in
      let (table, column) = (place.table.quotedDatabaseIdentifier, place.column.quotedDatabaseIdentifier)
      let end = place.end.map(\.quotedDatabaseIdentifier) ?? "NULL"
      let rows = try Row.fetchAll(
        self,
        sql: """
          SELECT substr(\(column), 2, 8) AS key, COUNT(*) AS count, MAX(\(end)) AS ends FROM \(table)
          WHERE \(column) IS NOT NULL AND (\(end) IS NULL OR \(end) > :now) GROUP BY 1
          """, arguments: ["now": now.milliseconds])
      return try rows.map { row in
        SealedUse(
          kind: place.table, key: Hex.encode(try row.bytes("key")), count: Int(try row.number("count")),
          endsAt: try row.optionalTime("ends"))
      }
    }
  }

  /// Every column that holds values sealed under the master key, and the one that says when they end.
  private func sealedColumns() throws -> [(table: String, column: String, end: String?)] {
    let tables = try rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return try tables.flatMap { row -> [(table: String, column: String, end: String?)] in
      let table = try row.text("name")
      // Credentials are sealed under data keys.
      guard table != "connection" else { return [] }
      let names = try columns(in: table).map(\.name)
      let end = ["replay_until", "retires_at", "expires_at"].first(where: names.contains)
      return names.filter { $0.utf8.starts(with: "sealed_".utf8) }.map { (table, $0, end) }
    }
  }
}
