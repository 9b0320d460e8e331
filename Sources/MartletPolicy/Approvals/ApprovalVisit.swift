import MartletDomain
import StrictCoding

/// Who looks at approvals, or decides about them.
public enum ApprovalActor: Sendable {
  /// Somebody who is logged in: sees requests of their own, and those that a role of theirs decides about.
  case person(User)
  /// An administrator of a tenant, or of all (`nil`), by a name for the trail; `mayChange` for who decides, too.
  case administrator(tenant: TenantID?, name: String, mayChange: Bool)

  /// What the trail calls them.
  public var name: String {
    switch self {
    case .person(let user): user.id.string
    case .administrator(_, let name, _): name
    }
  }

  var tenant: TenantID? {
    switch self {
    case .person(let user): user.tenant
    case .administrator(let tenant, _, _): tenant
    }
  }
}

/// Who does something about approvals, and by which request.
public struct ApprovalVisit: Sendable {
  /// Who.
  public let actor: ApprovalActor
  /// The HTTP request.
  public let request: RequestID?
  /// Where it came from.
  public let address: String?

  /// Describes a visit.
  public init(_ actor: ApprovalActor, request: RequestID? = nil, address: String? = nil) {
    self.actor = actor
    self.request = request
    self.address = address
  }
}

/// What somebody says to a request.
public enum ApprovalAnswer: String, Sendable, CaseIterable {
  /// This call, once.
  case once
  /// Calls of this tool by this caller, with whatever arguments, for an hour.
  case hour
  /// No.
  case deny

  var state: ApprovalState {
    switch self {
    case .once: .approved
    case .hour: .granted
    case .deny: .denied
    }
  }
}

/// Why nothing was decided.
public enum ApprovalDeskError: Error, Sendable, Equatable {
  /// There is no such approval, or it is none of the visitor's business.
  case unknown
  /// It may be seen, but not decided.
  case forbidden
  /// It doesn't wait any more, or isn't what was shown.
  case notWaiting
  /// The store could not do it.
  case store(StoreError)
}

/// An approval as somebody may see it.
public struct SeenApproval: Sendable {
  /// The approval.
  public let approval: Approval
  /// How it stands now.
  public let state: ApprovalState
  /// The parameters of the call in canonical form; `nil` for those who don't decide, and where they aren't what the
  /// approval is bound to.
  public let parameters: [UInt8]?
  /// Whether the visitor may decide now.
  public let mayDecide: Bool
  /// Whether the visitor may take it back now.
  public let mayRevoke: Bool
}
