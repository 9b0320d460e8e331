import MartletDomain
import StrictCoding

/// Proof that somebody approved a call. Only `Approvals` makes one, when the store has spent the approval.
public struct ApprovedCall: Sendable {
  /// The approval.
  public let id: ApprovalID
  private let call: ApprovalCall

  init(_ approval: Approval) {
    id = approval.id
    call = approval.call
  }

  func isFor(_ principal: Principal, rule: String) -> Bool {
    call.caller == principal.binding && ByteString(call.rule) == ByteString(rule)
  }
}
