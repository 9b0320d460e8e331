import Crypto
import MartletDomain

extension AuditChain {
  /// Under a key that is always the same.
  public static let test = AuditChain(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
}

extension AuditStore {
  /// Appends where the links don't matter.
  public func appendAuditEvents(_ events: [AuditEvent]) async throws(StoreError) {
    try await appendAuditEvents(events, linkedBy: .test)
  }
}
