import MartletAuthorizationServer
import MartletDomain

/// Removes what nobody can use any more. Never a grant that could still be refreshed.
struct Housekeeping: Sendable {
  let application: GatewayApplication
  /// How long sums of calls are kept by the minute: 2 days.
  static let minuteRetention = Duration.seconds(2 * 86_400)
  /// How long they are kept by the hour: 400 days.
  static let hourRetention = Duration.seconds(400 * 86_400)
  /// When an unused MCP session ends: 30 days.
  static let sessionRetention = Duration.seconds(30 * 86_400)
  /// How many changes of sessions are told to who hears of them late; who missed more reads its sessions again.
  static let sessionChanges = 10_000
  /// How long a fetched document may stand in for one that can't be fetched: 30 days in the store.
  static let documentRetention = Duration.seconds(30 * 86_400)

  /// How long an ended key can be seen in lists: 30 days.
  static let keyRetention = Duration.seconds(30 * 86_400)

  /// How long an approval that has ended can be seen: 30 days.
  static let approvalRetention = Duration.seconds(30 * 86_400)

  func run() async {
    let store = application.installation.store
    let now = application.installation.clock.now()
    let report = await application.server.housekeeping.run(at: now)
    do {
      try await store.removeExpiredLogins(at: now)
      try await store.removeExpiredConnecting(at: now)
      try await store.removeIdleMCPSessions(usedBefore: now - Self.sessionRetention)
      try await store.removeMCPSessionChanges(butLast: Self.sessionChanges)
      try await store.removeFetchedDocuments(before: now - Self.documentRetention)
      try await store.removeEndedAPIKeys(before: now - Self.keyRetention)
      try await store.removeEndedAdminTokens(before: now - Self.keyRetention)
      try await ApprovalAssembly(installation: application.installation, snapshots: application.snapshots)
        .office.desk.expire()
      try await store.removeEndedApprovals(before: now - Self.approvalRetention)
      try await store.removeQuotas(before: QuotaDay.number(of: now) - 7)
      let audit = application.snapshots.current.configuration.audit
      try await store.removeAuditEvents(
        before: now - audit.retention, audit.tenantRetention.mapValues { now - $0 }, at: now,
        linkedBy: application.installation.auditChain)
      try await store.foldCallSums(before: now - Self.minuteRetention, removingBefore: now - Self.hourRetention)
    } catch {
      application.logger.warning("housekeeping was interrupted", metadata: ["error": "\(error)"])
    }
    for failure in report.failures {
      application.logger.warning("housekeeping was interrupted", metadata: ["error": "\(failure)"])
    }
  }
}
