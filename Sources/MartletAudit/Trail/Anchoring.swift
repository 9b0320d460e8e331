import MartletDomain
import Synchronization

/// Writes down how far each trail has come, where it has come any further.
public final class Anchoring: Sendable {
  private let store: any AuditStore
  private let file: AnchorFile
  private let clock: any WallClock
  private let written = Mutex<[TenantID: AuditHead]>([:])

  /// - Parameters:
  ///   - store: Where the trails are.
  ///   - file: Where their heads go.
  ///   - clock: Tells the time.
  public init(store: any AuditStore, file: AnchorFile, clock: any WallClock) {
    self.store = store
    self.file = file
    self.clock = clock
  }

  /// One round.
  public func anchor() async throws {
    let now = clock.now()
    let trails = try await store.auditTrails()
    let fresh = written.withLock { written in trails.filter { written[$0.tenant] != $0.head } }
    try file.append(fresh.map { AuditAnchor(tenant: $0.tenant, head: $0.head, at: now) })
    written.withLock { written in for trail in fresh { written[trail.tenant] = trail.head } }
  }
}
