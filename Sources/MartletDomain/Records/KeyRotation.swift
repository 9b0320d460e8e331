/// A rotation of keys that was begun: what a process finds that goes on after another one was killed.
public struct KeyRotation: Hashable, Sendable {
  /// Data keys made before are replaced.
  public var begunAt: Timestamp
  /// The master key that is replaced; `nil` where it stays.
  public var masterKey: String?
  /// Whether data keys are replaced.
  public var replacesDataKeys: Bool

  /// Describes a rotation.
  public init(begunAt: Timestamp, masterKey: String?, replacesDataKeys: Bool) {
    self.begunAt = begunAt
    self.masterKey = masterKey
    self.replacesDataKeys = replacesDataKeys
  }
}

/// A value that is sealed under the master key and lasts.
public enum MasterSealedValue: Hashable, Sendable {
  /// A tenant's data key.
  case dataKey(DataKey)
  /// The private half of a signing key.
  case signingKey(SigningKeyRecord)
  /// The secret of one of Martlet's registrations.
  case registration(UpstreamRegistration)
  /// What keys for single purposes are derived from.
  case derivationRoot([UInt8])

  /// The sealed bytes.
  public var sealed: [UInt8]? {
    switch self {
    case .dataKey(let key): key.sealedKey
    case .signingKey(let key): key.sealedPrivateKey
    case .registration(let registration): registration.sealedSecret
    case .derivationRoot(let sealed): sealed
    }
  }
}

/// How many values stand under one key.
public struct SealedUse: Hashable, Sendable {
  /// What kind of values.
  public var kind: String
  /// Whose; `nil` for the installation's.
  public var tenant: TenantID?
  /// The key's name.
  public var key: String
  /// How many.
  public var count: Int
  /// When they end by themselves; `nil` for what lasts.
  public var endsAt: Timestamp?

  /// Describes a use.
  public init(kind: String, tenant: TenantID? = nil, key: String, count: Int, endsAt: Timestamp? = nil) {
    self.kind = kind
    self.tenant = tenant
    self.key = key
    self.count = count
    self.endsAt = endsAt
  }
}

/// A credential sealed anew for the same place.
public struct ResealedCredential: Hashable, Sendable {
  /// Whose.
  public var key: ConnectionKey
  /// The version that it was sealed for.
  public var version: Int
  /// As it stood.
  public var old: [UInt8]
  /// As it shall stand.
  public var new: [UInt8]

  /// Describes a change.
  public init(key: ConnectionKey, version: Int, old: [UInt8], new: [UInt8]) {
    self.key = key
    self.version = version
    self.old = old
    self.new = new
  }
}
