import MartletDomain

/// One way along a trail, record by record.
struct TrailWalk {
  private static let most = 100

  private let trail: AuditTrail
  private let chain: AuditChain
  private let anchors: [Int64: [AuditAnchor]]
  private var report: TrailReport
  private var head: AuditHead
  private var trimmedByUs: Int64 = 0

  init(trail: AuditTrail, chain: AuditChain, anchors: [AuditAnchor]) {
    self.trail = trail
    self.chain = chain
    self.anchors = Dictionary(grouping: anchors, by: \.head.sequence)
    report = TrailReport(tenant: trail.tenant)
    report.anchors = anchors.count
    head = trail.trimmed
  }

  mutating func pass(_ record: AuditRecord) {
    let sequence = record.head.sequence
    report.count += 1
    if report.first == 0 { report.first = sequence }
    report.last = sequence
    guard sequence > head.sequence else { return note(.repeated(sequence: sequence)) }
    if sequence > head.sequence + 1 {
      // What its digest should be can't be told without the one before it.
      note(.missing(from: head.sequence + 1, through: sequence - 1))
    } else if !isGenuine(record) {
      note(.altered(sequence: sequence))
    }
    if record.event?.action == .trailTrimmed, let target = record.event?.target.flatMap({ Int64($0) }) {
      trimmedByUs = max(trimmedByUs, target)
    }
    if let kept = anchors[sequence], kept.contains(where: { $0.head.digest != record.head.digest }) {
      note(.anchorMismatch(sequence: sequence))
    }
    head = record.head
  }

  private func isGenuine(_ record: AuditRecord) -> Bool {
    guard let event = record.event else { return false }
    return chain.head(after: head, adding: event) == record.head
  }

  /// - Parameter behind: The number of a record behind the trail's end.
  func end(behind: Int64?) -> TrailReport {
    var walk = self
    if head != trail.head { walk.note(.endCut(recorded: trail.head.sequence, found: head.sequence)) }
    if trail.trimmed.sequence > trimmedByUs { walk.note(.beginningCut(through: trail.trimmed.sequence)) }
    if let behind { walk.note(.addedBehind(sequence: behind)) }
    if let anchored = anchors.keys.max(), anchored > trail.head.sequence {
      walk.note(.cutAfterAnchor(anchored: anchored, found: head.sequence))
    }
    return walk.report
  }

  private mutating func note(_ finding: TrailFinding) {
    if report.findings.count < Self.most { report.findings.append(finding) }
  }
}
