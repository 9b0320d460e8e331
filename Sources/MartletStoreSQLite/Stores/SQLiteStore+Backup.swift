import GRDB
import MartletDomain

extension SQLiteStore {
  /// Copies the whole database, as it is at one moment, while others work on it.
  ///
  /// - Parameter path: Where to; there must be no file.
  public func copy(to path: String) async throws(StoreError) {
    do {
      let copy = try DatabaseQueue(path: path)
      try pool.backup(to: copy)
      // One file that needs no other beside it.
      try copy.inDatabase { database in try database.execute(sql: "PRAGMA journal_mode = DELETE") }
      try copy.close()
    } catch {
      throw StoreError(translating: error)
    }
  }

  /// Makes a database that was just restored safe to use: what happened after the copy is unknown here.
  ///
  /// Access tokens issued until now are dead, so that none lives on that the copy doesn't know. Refresh tokens of upstream
  /// accounts may have been redeemed since: the next refusal is told as `interrupted`, not as the owner's doing.
  ///
  /// - Parameters:
  ///   - now: When it is restored.
  ///   - end: When the last access token has ended that may be around.
  /// - Returns: How many users' tokens were ended, and how many upstream accounts have to be verified.
  public func settleRestored(
    at now: Timestamp, accessTokensEnd end: Timestamp
  ) async throws(StoreError) -> (users: Int, accounts: Int) {
    try await write { database in
      var targets = try database.rows("SELECT tenant, id FROM user_account").map { row in
        RevocationTarget.user(try row.id("tenant"), try row.id("id"))
      }
      let users = targets.count
      targets += try database.rows("SELECT id FROM client").map { RevocationTarget.client(try $0.id("id")) }
      for target in targets {
        try database.insert(Revocation(target: target, issuedUntil: now, expiresAt: end))
      }
      try database.run("UPDATE connection SET may_be_spent = 1 WHERE is_refreshable AND state <> 'revoked'")
      return (users, database.changesCount)
    }
  }
}
