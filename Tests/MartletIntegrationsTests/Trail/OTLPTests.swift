import MartletDomain
import StrictCoding
import Testing

@testable import MartletIntegrations

/// The JSON encoding of OTLP: 64-bit numbers as text, enumerations as numbers, trace ids in hexadecimal.
@Suite struct OTLPTests {
  @Test func aRecordIsALogRecord() throws {
    let event = AuditEvent(
      at: Timestamp(milliseconds: 1_800_000_000_125), action: .exchangeForwarded, tenant: "acme", subject: "u",
      method: "tools/call", status: 200, duration: .milliseconds(7), trace: "4bf92f3577b34da6a3ce929d0e0e4736")
    let record = PlacedRecord(
      position: 1, record: AuditRecord(head: AuditHead(sequence: 9, digest: [0xAB]), event: event))
    let request = OTLPSink.request([record])
    let resource = try #require(request.objectValue?["resourceLogs"]?.arrayValue?.first?.objectValue)
    let scope = try #require(resource["scopeLogs"]?.arrayValue?.first?.objectValue)
    let log = try #require(scope["logRecords"]?.arrayValue?.first?.objectValue)
    #expect(log["timeUnixNano"]?.stringValue == "1800000000125000000")
    #expect(log["severityNumber"]?.int64Value == 9)
    #expect(log["eventName"]?.stringValue == "exchange.forwarded")
    #expect(log["traceId"]?.stringValue == event.trace)
    let attributes = try #require(log["attributes"]?.arrayValue)
    #expect(attributes.contains(["key": "http.response.status_code", "value": ["intValue": "200"]]))
    #expect(attributes.contains(["key": "martlet.trail.sequence", "value": ["intValue": "9"]]))
    #expect(attributes.contains(["key": "martlet.tenant", "value": ["stringValue": "acme"]]))
    #expect(!attributes.contains { $0.objectValue?["key"] == "martlet.reason" }, "what isn't there isn't sent")
  }
}
