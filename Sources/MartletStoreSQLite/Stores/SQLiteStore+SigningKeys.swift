import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `SigningKeyStore`.
  public func signingKeys(at now: Timestamp) async throws(StoreError) -> [SigningKeyRecord] {
    try await read { database in
      try database.rows(
        "SELECT * FROM signing_key WHERE retires_at IS NULL OR retires_at > :now ORDER BY position",
        ["now": .time(now)]
      ).map { try SigningKeyRecord(row: $0) }
    }
  }

  /// See `SigningKeyStore`.
  public func addSigningKey(
    _ key: SigningKeyRecord, ifNewestIs newest: String?, retiringOthersAt retirement: Timestamp?
  ) async throws(StoreError) -> Bool {
    try await write { database in
      let known = try database.row(
        "SELECT id FROM signing_key WHERE use = :use ORDER BY position DESC LIMIT 1", ["use": .value(key.use)])
      let isTaken = try database.row("SELECT 1 FROM signing_key WHERE id = :id", ["id": .text(key.id)]) != nil
      guard try known?.bytes("id") == newest.map({ Array($0.utf8) }), !isTaken else { return false }
      try database.run(
        "UPDATE signing_key SET retires_at = :retirement WHERE use = :use AND retires_at IS NULL",
        ["retirement": .time(retirement), "use": .value(key.use)])
      try database.insert(key)
      return true
    }
  }

  /// See `SigningKeyStore`.
  public func removeRetiredSigningKeys(at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM signing_key WHERE retires_at <= :now", ["now": .time(now)])
    }
  }
}

extension Database {
  fileprivate func insert(_ key: SigningKeyRecord) throws {
    try run(
      """
      INSERT INTO signing_key (id, use, sealed_private_key, public_key, created_at, activates_at, retires_at)
      VALUES (:id, :use, :sealed_private_key, :public_key, :created_at, :activates_at, :retires_at)
      """,
      [
        "id": .text(key.id), "use": .value(key.use), "sealed_private_key": .bytes(key.sealedPrivateKey),
        "public_key": .bytes(key.publicKey), "created_at": .time(key.createdAt),
        "activates_at": .time(key.activatesAt), "retires_at": .time(key.retiresAt),
      ])
  }
}

extension SigningKeyRecord {
  init(row: Row) throws(StoreError) {
    self.init(
      id: try row.text("id"), use: try row.value("use"), sealedPrivateKey: try row.bytes("sealed_private_key"),
      publicKey: try row.bytes("public_key"), createdAt: try row.time("created_at"),
      activatesAt: try row.time("activates_at"), retiresAt: try row.optionalTime("retires_at"))
  }
}
