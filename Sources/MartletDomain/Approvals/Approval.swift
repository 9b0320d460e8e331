import StrictCoding

/// How far an approval has come.
public enum ApprovalState: String, Sendable, CaseIterable {
  /// Nobody has decided yet.
  case pending
  /// The call may be made once.
  case approved
  /// Calls of the same tool by the same caller may be made, until it ends.
  case granted
  /// The call was made.
  case used
  /// Somebody refused it.
  case denied
  /// It ended before it was decided or used.
  case expired
  /// It was taken back.
  case revoked

  /// Whether anything can still become of it.
  public var isOpen: Bool { self == .pending || self == .approved || self == .granted }
}

/// A call that somebody was asked about, and what became of it.
public struct Approval: Hashable, Sendable {
  /// Its name, which links lead to.
  public var id: ApprovalID
  /// The call.
  public var call: ApprovalCall
  /// The parameters of the call in canonical form, sealed.
  public var sealedArguments: [UInt8]
  /// How long a decision is waited for, and how long it is good then.
  public var lifetime: Duration
  /// How far it has come.
  public var state: ApprovalState
  /// When it was asked for.
  public var askedAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp
  /// When somebody decided.
  public var decidedAt: Timestamp?
  /// Who did.
  public var decidedBy: String?
  /// When the call was made; for what is good for a time, when last.
  public var usedAt: Timestamp?

  /// Describes an approval.
  public init(
    id: ApprovalID, call: ApprovalCall, sealedArguments: [UInt8], lifetime: Duration,
    state: ApprovalState = .pending, askedAt: Timestamp, expiresAt: Timestamp, decidedAt: Timestamp? = nil,
    decidedBy: String? = nil, usedAt: Timestamp? = nil
  ) {
    self.id = id
    self.call = call
    self.sealedArguments = sealedArguments
    self.lifetime = lifetime
    self.state = state
    self.askedAt = askedAt
    self.expiresAt = expiresAt
    self.decidedAt = decidedAt
    self.decidedBy = decidedBy
    self.usedAt = usedAt
  }

  /// Whose it is.
  public var tenant: TenantID { call.caller.tenant }
  /// Who asked.
  public var requester: UserID { UserID(call.caller.subject) }

  /// How it stands now: what has ended by itself may not be marked so yet.
  public func state(at now: Timestamp) -> ApprovalState { state.isOpen && expiresAt <= now ? .expired : state }
}

extension Approval {
  /// The event of a step.
  public func event(
    _ action: AuditAction, at now: Timestamp, by actor: String? = nil, request: RequestID? = nil,
    address: String? = nil
  ) -> AuditEvent {
    AuditEvent(
      at: now, action: action, tenant: tenant, request: request, subject: actor ?? requester.string,
      client: call.caller.client, route: call.caller.route.path, method: call.method, target: call.target.string,
      reason: "\(id):rule:\(call.rule)", address: address, key: actor == nil ? call.key : nil)
  }
}
