import MartletDomain

/// Tells somebody outside that a call waits.
public protocol ApprovalNotices: Sendable {
  /// Hands a notice over without waiting. Nobody's call depends on whether it arrives.
  func notify(_ approval: Approval)
}

/// Tells nobody.
public struct NoApprovalNotices: ApprovalNotices {
  /// Makes it.
  public init() {}

  /// Does nothing.
  public func notify(_ approval: Approval) {}
}
