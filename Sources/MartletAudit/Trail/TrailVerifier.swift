import MartletDomain

/// What was found about a tenant's trail.
public struct TrailReport: Sendable, Hashable {
  /// Whose.
  public let tenant: TenantID
  /// How many records there are.
  public var count = 0
  /// The number of the first; 0 where there is none.
  public var first: Int64 = 0
  /// The number of the last; 0 where there is none.
  public var last: Int64 = 0
  /// How many anchors were compared.
  public var anchors = 0
  /// What is wrong with it, at most 100 findings; empty where all is as it was written.
  public var findings: [TrailFinding] = []
}

/// Reads trails from end to end and tells what was altered, added or taken away since they were written.
public struct TrailVerifier: Sendable {
  private let store: any AuditStore
  private let chain: AuditChain
  private static let batch = 1_000

  /// - Parameters:
  ///   - store: Where the trail is kept.
  ///   - chain: What linked it.
  public init(store: any AuditStore, chain: AuditChain) {
    self.store = store
    self.chain = chain
  }

  /// Verifies trails; others may write meanwhile.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for everybody's.
  ///   - anchors: Heads that were kept elsewhere.
  public func verify(_ tenant: TenantID? = nil, against anchors: [AuditAnchor]) async throws(StoreError)
    -> [TrailReport]
  {
    var reports: [TrailReport] = []
    let trails = try await store.auditTrails().filter { trail in tenant.map { $0 == trail.tenant } ?? true }
    for trail in trails {
      reports.append(try await verify(trail, anchors.filter { $0.tenant == trail.tenant }))
    }
    let known = Set(trails.map(\.tenant))
    let lost = Dictionary(grouping: anchors.filter { !known.contains($0.tenant) }, by: \.tenant)
    for (tenant, anchors) in lost {
      var report = TrailReport(tenant: tenant)
      report.anchors = anchors.count
      report.findings = [.cutAfterAnchor(anchored: anchors.map(\.head.sequence).max() ?? 0, found: 0)]
      reports.append(report)
    }
    return reports
  }

  private func verify(_ trail: AuditTrail, _ anchors: [AuditAnchor]) async throws(StoreError) -> TrailReport {
    var walk = TrailWalk(trail: trail, chain: chain, anchors: anchors)
    var position = Int64.min
    while true {
      let records = try await store.auditRecords(of: trail.tenant, after: position, limit: Self.batch)
      for record in records where record.head.sequence <= trail.head.sequence { walk.pass(record) }
      guard let last = records.last?.head.sequence, last < trail.head.sequence else { break }
      position = last
    }
    // What is behind the end that was read first may have been written since; then the end has moved as well.
    let behind = try await store.auditRecords(of: trail.tenant, after: trail.head.sequence, limit: 1).first
    let end = try await store.auditTrails().first { $0.tenant == trail.tenant }?.head.sequence ?? 0
    return walk.end(behind: behind.flatMap { $0.head.sequence > end ? $0.head.sequence : nil })
  }
}
