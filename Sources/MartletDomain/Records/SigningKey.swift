/// What a signing key signs.
public enum SigningKeyUse: String, Sendable, CaseIterable {
  /// Access tokens.
  case accessToken = "access_token"
  /// Assertions to upstreams.
  case assertion
}

/// A signing key, its private half sealed.
public struct SigningKeyRecord: Sendable, Hashable {
  /// The `kid`: the RFC 7638 thumbprint of the public key.
  public var id: String
  /// What it signs.
  public var use: SigningKeyUse
  /// The private key (raw P-256 scalar), sealed.
  public var sealedPrivateKey: [UInt8]
  /// The public key (X9.63 uncompressed point).
  public var publicKey: [UInt8]
  /// When it was published in `/jwks`.
  public var createdAt: Timestamp
  /// From when it signs: long enough after it was published for every cache to know it.
  public var activatesAt: Timestamp
  /// When it stops being published, once known; its last token has expired by then.
  public var retiresAt: Timestamp?

  /// Describes a key.
  public init(
    id: String, use: SigningKeyUse, sealedPrivateKey: [UInt8], publicKey: [UInt8], createdAt: Timestamp,
    activatesAt: Timestamp, retiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.use = use
    self.sealedPrivateKey = sealedPrivateKey
    self.publicKey = publicKey
    self.createdAt = createdAt
    self.activatesAt = activatesAt
    self.retiresAt = retiresAt
  }
}
