import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `RefreshTokenStore`.
  public func refreshToken(_ digest: ArtefactDigest) async throws(StoreError) -> KnownRefreshToken? {
    try await read { database in
      guard let row = try database.token(digest) else { return nil }
      let token = try RefreshToken(row: row)
      guard let family = try database.family(token.grant) else { return nil }
      return KnownRefreshToken(token: token, family: family, rotatedAt: try row.optionalTime("rotated_at"))
    }
  }

  /// See `RefreshTokenStore`.
  public func rotateRefreshToken(_ rotation: RefreshRotation) async throws(StoreError) -> RefreshRotationOutcome {
    try await write { database in try database.rotate(rotation) }
  }
}

extension Database {
  fileprivate func rotate(_ rotation: RefreshRotation) throws -> RefreshRotationOutcome {
    guard let row = try token(rotation.presented) else { return .unknown }
    let token = try RefreshToken(row: row)
    guard let family = try family(token.grant), family.client == rotation.client else { return .unknown }
    if family.revokedAt != nil { return .revoked }
    if family.expiresAt <= rotation.now { return .expired }
    guard try row.optionalTime("rotated_at") != nil else {
      if token.expiresAt <= rotation.now { return .expired }
      try succeed(token, of: family, by: rotation)
      return .rotated
    }
    if let replay = try replay(row, at: rotation.now) { return replay }
    guard rotation.reuse == .revokeFamily else { return .reused(family.grant, familyRevoked: false) }
    _ = try revokeFamilies(.grant(family.grant), at: rotation.now)
    return .reused(family.grant, familyRevoked: true)
  }

  /// The kept reply of a spent token, while its window is open and its successor unused.
  private func replay(_ row: Row, at now: Timestamp) throws -> RefreshRotationOutcome? {
    guard let reply = try row.optionalBytes("sealed_reply"), let end = try row.optionalTime("replay_until"), now < end
    else { return nil }
    let successor = try row.digest("successor")
    guard let next = try self.token(successor), try next.optionalTime("rotated_at") == nil else { return nil }
    return .replayed(sealedReply: reply, successor: successor)
  }

  private func succeed(_ token: RefreshToken, of family: RefreshFamily, by rotation: RefreshRotation) throws {
    let keepsReply = rotation.replayWindow > .zero
    try run(
      """
      UPDATE refresh_token
      SET rotated_at = :now, successor = :successor, sealed_reply = :reply, replay_until = :until
      WHERE digest = :digest
      """,
      [
        "digest": .digest(token.digest), "now": .time(rotation.now), "successor": .digest(rotation.successor.digest),
        "reply": .bytes(keepsReply ? rotation.sealedReply : nil),
        "until": .time(rotation.now + rotation.replayWindow),
      ])
    // The presented token proves that the reply which carried it arrived.
    try run(
      "UPDATE refresh_token SET sealed_reply = NULL WHERE successor = :digest", ["digest": .digest(token.digest)])
    var successor = rotation.successor
    successor.grant = token.grant
    successor.generation = token.generation + 1
    try insert(successor, tenant: family.tenant)
  }

  fileprivate func token(_ digest: ArtefactDigest) throws -> Row? {
    try row("SELECT * FROM refresh_token WHERE digest = :digest", ["digest": .digest(digest)])
  }

  /// Stores a token of a family.
  func insert(_ token: RefreshToken, tenant: TenantID) throws {
    try run(
      """
      INSERT INTO refresh_token (digest, tenant, grant_id, generation, issued_at, expires_at)
      VALUES (:digest, :tenant, :grant_id, :generation, :issued_at, :expires_at)
      """,
      [
        "digest": .digest(token.digest), "tenant": .id(tenant), "grant_id": .id(token.grant),
        "generation": .number(token.generation), "issued_at": .time(token.issuedAt),
        "expires_at": .time(token.expiresAt),
      ])
  }
}

extension RefreshToken {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      digest: try row.digest("digest"), grant: try row.id("grant_id"), generation: Int(try row.number("generation")),
      issuedAt: try row.time("issued_at"), expiresAt: try row.time("expires_at"))
  }
}
