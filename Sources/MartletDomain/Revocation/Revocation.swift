import StrictCoding

/// What a revocation takes away. Whatever was issued later stands.
public enum RevocationTarget: Hashable, Sendable {
  /// One access token, by `jti`.
  case accessToken(ByteString)
  /// Every token of a grant.
  case grant(GrantID)
  /// Every token of a user.
  case user(TenantID, UserID)
  /// Every token of a client.
  case client(ClientID)
  /// Every token in a tenant.
  case tenant(TenantID)
  /// Every token for a route.
  case route(RouteID)
}

/// One row of the append-only revocation table.
public struct Revocation: Hashable, Sendable {
  /// What is taken away.
  public let target: RevocationTarget
  /// Tokens issued up to this time are dead.
  public let issuedUntil: Timestamp
  /// From when on; `nil` for at once.
  public let effectiveAt: Timestamp?
  /// When the last covered token has expired anyway, and the row may go.
  public let expiresAt: Timestamp

  /// How long a row stays at least: the longest life that `tokens.access_ttl` can give, and an hour for clocks. What it is
  /// at present doesn't count: tokens that were issued before it was changed keep the life that they have.
  public static let coverage: Duration = .seconds(86_400 + 3600)

  /// Describes a revocation.
  public init(
    target: RevocationTarget, issuedUntil: Timestamp, effectiveAt: Timestamp? = nil, expiresAt: Timestamp
  ) {
    self.target = target
    self.issuedUntil = issuedUntil
    self.effectiveAt = effectiveAt
    self.expiresAt = expiresAt
  }
}

/// A revocation with its place in the table.
public struct SequencedRevocation: Hashable, Sendable {
  /// Grows by at least one with every row.
  public let sequence: Int64
  /// The row.
  public let revocation: Revocation

  /// Pairs a row with its place.
  public init(sequence: Int64, revocation: Revocation) {
    self.sequence = sequence
    self.revocation = revocation
  }
}
