import OAuthProtocol

/// What was asked for when an account was connected, and what its server wanted beyond it.
public struct ScopeLedger: Hashable, Sendable {
  /// How often a server may want the same again before its owner is no longer sent to connect for it.
  public static let mostRepetitions = 3

  /// What was asked for; less may have been granted.
  public var asked: ScopeSet
  /// What the server wants and nobody asked for since.
  public var missing: ScopeSet
  /// How often the server wanted only what had just been asked for.
  public var repetitions: Int

  /// Describes what was asked.
  public init(asked: ScopeSet, missing: ScopeSet = ScopeSet(), repetitions: Int = 0) {
    self.asked = asked
    self.missing = missing
    self.repetitions = repetitions
  }

  /// Whether asking again is no use.
  public var isExhausted: Bool { repetitions >= Self.mostRepetitions }

  /// The ledger after its owner connected again.
  public func asking(_ scope: ScopeSet) -> ScopeLedger { ScopeLedger(asked: scope, repetitions: repetitions) }
}

/// What becomes of a call whose server wanted more than was granted.
public enum ScopeDemand: Hashable, Sendable {
  /// Its owner should connect again; the link asks for these too.
  case connect(ScopeSet)
  /// Its owner did so, several times, and the server still wants these: an administrator has to look.
  case exhausted(ScopeSet)
}

extension UpstreamConnection {
  /// Whether the server goes on wanting what its owner was asked for again and again.
  public var isExhausted: Bool { ledger.reason == .scopeMissing && scopes.isExhausted }

  /// Notes that the server wants more than was granted (RFC 6750 §3.1, `insufficient_scope`). The credential stays in
  /// use for what it is good for.
  ///
  /// - Parameters:
  ///   - wanted: What the server named; nothing, where it didn't.
  ///   - version: The credential that wasn't enough. What was found of one that its owner has replaced since says
  ///     nothing.
  /// - Returns: What to tell the caller; `nil` where there is nothing to be asked for.
  public mutating func require(_ wanted: ScopeSet, beyond version: Int) -> ScopeDemand? {
    guard ledger.state != .revoked, ledger.version <= version || refreshedAt != nil else { return nil }
    if ledger.reason == .scopeMissing {
      if !wanted.isSubset(of: scopes.asked.union(scopes.missing)) { scopes.repetitions = 0 }
      scopes.missing = scopes.missing.union(wanted)
    } else {
      scopes.repetitions = wanted.isSubset(of: scopes.asked) ? scopes.repetitions + 1 : 0
      scopes.missing = wanted
      guard ledger.requireReauthorization(version: ledger.version, because: .scopeMissing) else { return nil }
    }
    return scopes.isExhausted ? .exhausted(scopes.missing) : .connect(scopes.missing)
  }
}
