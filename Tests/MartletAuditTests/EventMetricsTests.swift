import MartletDomain
import Testing

@testable import MartletAudit

@Suite struct EventMetricsTests {
  @Test func exchangesCountWhereTheyBelongInAnyOrder() {
    let metrics = EventMetrics()
    let kinds: [(TenantID, String?, AuditAction, Int)] = [
      ("a", "/r", .exchangeForwarded, 200), ("b", "/r", .exchangeForwarded, 200), ("a", "/s", .exchangeForwarded, 200),
      ("a", nil, .exchangeRefused, 401), ("a", "/r", .exchangeForwarded, 502), ("a", "/r", .tokenIssued, 0),
    ]
    for pattern in [[0, 0, 0, 1], [3, 4, 0, 2, 3], [5, 5, 0]] {
      metrics.count(
        AuditBatch(
          pattern.map { kinds[$0] }.map { tenant, route, action, status in
            AuditEvent(
              at: Timestamp(seconds: 1), action: action, tenant: tenant, route: route, status: status,
              duration: .milliseconds(1))
          }))
    }
    let found = metrics.current
    #expect(found.exchanges.count == 5)
    #expect(found.exchanges.values.reduce(0, +) == 10)
    #expect(
      found.exchanges[EventMetrics.ExchangeKey(tenant: "a", route: "/r", isForwarded: true, status: 200)] == 5)
    #expect(found.events == [.tokenIssued: 2])
    #expect(found.durations["/r"]?.count == 7 && found.durations["/s"]?.count == 1)
  }
}
