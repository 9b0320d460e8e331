import MartletDomain

/// Tokens that an exchange brought and the store couldn't take.
public struct SpilledTokens: Hashable, Sendable {
  /// Whose.
  public var key: ConnectionKey
  /// The version whose refresh token was redeemed for them.
  public var version: Int
  /// The lease under which that was done.
  public var epoch: Int
  /// The tokens.
  public var tokens: SealedTokens

  /// Describes spilled tokens.
  public init(key: ConnectionKey, version: Int, epoch: Int, tokens: SealedTokens) {
    self.key = key
    self.version = version
    self.epoch = epoch
    self.tokens = tokens
  }
}

/// Keeps tokens that the store couldn't take, where every process on the same `data_dir` finds them, also after a crash.
public protocol SpillJournal: Sendable {
  /// Keeps tokens; durable before this returns. Those of a newer lease stay the ones that are found.
  ///
  /// - Throws: Whatever the disk has to say.
  func keep(_ spilled: SpilledTokens) throws

  /// The tokens of the newest lease for that version.
  ///
  /// - Throws: Whatever the disk has to say; that is not the same as "none".
  func newest(of key: ConnectionKey, version: Int) throws -> SpilledTokens?

  /// Everything that is kept, of each connection and version the newest.
  ///
  /// - Throws: Whatever the disk has to say.
  func all() throws -> [SpilledTokens]

  /// Forgets what was kept for a version and those before it.
  func forget(_ key: ConnectionKey, through version: Int)
}
