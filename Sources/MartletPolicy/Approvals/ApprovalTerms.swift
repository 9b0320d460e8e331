import MartletDomain

/// Who is asked about the calls that a rule holds up, and for how long.
public struct ApprovalTerms: Sendable {
  /// How long a decision is waited for where nothing is said: 15 min.
  public static let usualLifetime = Duration.seconds(15 * 60)
  /// What may be said.
  public static let lifetimes = Duration.seconds(60) ... .seconds(7 * 86_400)
  /// How long calls go on that are allowed for a time: 1 h.
  public static let grantLifetime = Duration.seconds(3_600)

  /// The roles of those who may decide; one is enough.
  public let approvers: [PolicySubjects]
  /// Whether somebody may decide about calls of their own.
  public let admitsSelf: Bool
  /// How long a decision is waited for, and how long it is good then.
  public let lifetime: Duration

  /// Describes terms.
  public init(approvers: [PolicySubjects], admitsSelf: Bool = false, lifetime: Duration = usualLifetime) {
    self.approvers = approvers
    self.admitsSelf = admitsSelf
    self.lifetime = lifetime
  }

  /// Whether a user may decide about a call: of the same tenant, in one of the roles, and not the caller's own (V-032).
  func admit(_ user: User, for approval: Approval) -> Bool {
    guard user.tenant == approval.tenant, user.disabledAt == nil, !user.isService else { return false }
    guard admitsSelf || user.id != approval.requester else { return false }
    return isApprover(user)
  }

  func isApprover(_ user: User) -> Bool {
    let person = PolicyCaller(tenant: user.tenant, subject: user.id.value, client: "", user: user)
    return approvers.contains { $0.admit(person) }
  }
}
