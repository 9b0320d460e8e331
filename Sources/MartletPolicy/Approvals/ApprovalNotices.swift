import MartletDomain

/// Tells somebody outside that a call waits.
public protocol ApprovalNotices: Sendable {
  /// Hands a notice over without waiting. Nobody's call depends on whether it arrives.
  func notify(_ approval: Approval)
}
