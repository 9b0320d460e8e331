import MartletDomain

extension AuditAction {
  private static let troubles = [".refused", ".failed", ".reused", ".denied", ".interrupted"].map {
    Array($0.utf8.reversed())
  }

  /// Whether it says that something was refused, failed, or wasn't as it should be.
  public var isTrouble: Bool {
    let name = rawValue.utf8.reversed()
    return Self.troubles.contains { name.starts(with: $0) }
  }
}
