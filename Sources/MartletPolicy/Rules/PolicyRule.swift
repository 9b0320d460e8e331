/// One rule: who, what, when, and what then.
public struct PolicyRule: Sendable {
  /// The name, which the trail and `martlet policy explain` call it by.
  public let name: String
  /// What it does.
  public let effect: PolicyEffect
  /// Whom it is about.
  public let who: PolicySubjects
  /// Roles, of which the caller must have one; `nil` where none is asked for.
  public let roles: [PolicySubjects]?
  /// What it is about.
  public let what: PolicyObjects
  /// Under which conditions.
  public let when: PolicyConditions
  /// Who is asked, where it wants an approval.
  public let approval: ApprovalTerms?

  /// Describes a rule.
  public init(
    name: String, effect: PolicyEffect, who: PolicySubjects = .init(), roles: [PolicySubjects]? = nil,
    what: PolicyObjects = .init(), when: PolicyConditions = .init(), approval: ApprovalTerms? = nil
  ) {
    self.name = name
    self.effect = effect
    self.who = who
    self.roles = roles
    self.what = what
    self.when = when
    self.approval = approval
  }

  /// Whether it can refuse. Such a rule applies in doubt; one that allows doesn't.
  var refuses: Bool { effect != .allow }

  /// Whether more has to be known of a caller than a token says.
  var needsFacts: Bool { who.needsFacts || roles?.contains(where: \.needsFacts) ?? false }

  /// As a report shows it to whoever wants to know what a caller may do: `reading (allow: tools get_*, as team)`.
  func words(about caller: PolicyCaller) -> String {
    let objects = what.words
    let held = roles?.filter { $0.admit(caller) }.compactMap(\.role) ?? []
    return "\(name) (\(effect.rawValue)" + (objects.isEmpty ? "" : ": \(objects)")
      + (held.isEmpty ? "" : ", as " + held.joined(separator: ", ")) + ")"
  }

  func isAbout(_ caller: PolicyCaller) -> Bool {
    who.admit(caller) && roles?.contains { $0.admit(caller) } ?? true
  }
}
