import MartletDomain
import StrictCoding

/// What was decided, and by which rule.
public struct PolicyVerdict: Sendable, Hashable {
  /// What is to happen.
  public let effect: PolicyEffect
  /// The rule that decided; `nil` for the default.
  public let rule: String?

  /// Describes a verdict.
  public init(effect: PolicyEffect, rule: String?) {
    self.effect = effect
    self.rule = rule
  }
}

/// The rules about one caller at one server. Lists and calls are decided here alike.
public struct CallerPolicy: Sendable {
  let isAllowedByDefault: Bool
  let rules: [PolicyRule]
  /// Whoever else has to be allowed the same: the job that acts for a user.
  var alsoAllowing: [CallerPolicy] = []

  /// Decides about one thing; of several verdicts the strictest counts.
  ///
  /// - Parameters:
  ///   - object: What is to be used.
  ///   - arguments: The arguments of the call.
  ///   - now: The time.
  public func decide(_ object: PolicyObject, arguments: JSONObject?, at now: Timestamp) -> PolicyVerdict {
    alsoAllowing.map { $0.decide(object, arguments: arguments, at: now) }
      .reduce(decideAlone(object, arguments, now)) { $1.effect.weight > $0.effect.weight ? $1 : $0 }
  }

  private func decideAlone(_ object: PolicyObject, _ arguments: JSONObject?, _ now: Timestamp) -> PolicyVerdict {
    if let name = object.name, name.bytes.count > PolicyObject.longestName {
      return PolicyVerdict(effect: .deny, rule: nil)
    }
    if object == .connection { return connection(at: now) }
    lazy var name = object.comparedName
    return verdict { rule in
      rule.what.include(object, inDoubt: rule.refuses ? name : nil)
        && rule.when.hold(for: arguments, at: now, inDoubt: rule.refuses)
    }
  }

  /// Whether something stands in a list: whether it can be used with some arguments, with approval or without.
  public func shows(_ object: PolicyObject, at now: Timestamp) -> Bool {
    guard alsoAllowing.allSatisfy({ $0.shows(object, at: now) }) else { return false }
    lazy var name = object.comparedName
    return verdict { rule in
      guard rule.what.include(object, inDoubt: rule.refuses ? name : nil) else { return false }
      guard rule.when.time?.contains(now) ?? true else { return false }
      return rule.effect != .deny || rule.when.arguments.isEmpty
    }.effect != .deny
  }

  /// Whoever may use anything of a server may connect to it; only a rule about the server as a whole forbids that.
  private func connection(at now: Timestamp) -> PolicyVerdict {
    let whole = rules.first { rule in
      rule.effect == .deny && rule.what.areWholeServers && rule.when.arguments.isEmpty
        && rule.when.time?.contains(now) ?? true
    }
    if let whole { return PolicyVerdict(effect: .deny, rule: whole.name) }
    if let rule = rules.first(where: { $0.effect != .deny }) { return PolicyVerdict(effect: .allow, rule: rule.name) }
    return byDefault
  }

  private var byDefault: PolicyVerdict { PolicyVerdict(effect: isAllowedByDefault ? .allow : .deny, rule: nil) }

  private func verdict(_ applies: (PolicyRule) -> Bool) -> PolicyVerdict {
    var found: PolicyRule?
    for rule in rules where rule.outweighs(found) && applies(rule) {
      found = rule
      if rule.effect == .deny { break }
    }
    return found.map { PolicyVerdict(effect: $0.effect, rule: $0.name) } ?? byDefault
  }
}

extension PolicyRule {
  /// Of rules that want an approval, the one whose name comes first is asked by: no order in the file matters.
  fileprivate func outweighs(_ other: PolicyRule?) -> Bool {
    guard let other else { return true }
    if effect == .requireApproval, other.effect == .requireApproval { return ByteString(name) < ByteString(other.name) }
    return effect.weight > other.effect.weight
  }
}

extension PolicyEffect {
  fileprivate var weight: Int {
    switch self {
    case .allow: 0
    case .requireApproval: 1
    case .deny: 2
    }
  }
}
