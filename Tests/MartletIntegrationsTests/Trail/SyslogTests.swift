import MartletDomain
import StrictCoding
import Testing

@testable import MartletIntegrations

@Suite struct SyslogTests {
  @Test(arguments: [
    ("udp://127.0.0.1", "udp://127.0.0.1:514"), ("udp://logs.example.com:1514", "udp://logs.example.com:1514"),
    ("tcp://[::1]", "tcp://[::1]:601"), ("unix:///dev/log", "unix:///dev/log"),
  ])
  func addressesAreRead(_ text: String, _ meant: String) { #expect(SyslogAddress(text)?.text == meant) }

  @Test(arguments: [
    "127.0.0.1:514", "udp://", "udp://a/b", "tcp://u@h:1", "unix://relative", "unix://", "udp://host:0x10", "http://h",
    "unix:///" + String(repeating: "a", count: 200),
  ])
  func othersAreRefused(_ text: String) { #expect(SyslogAddress(text) == nil) }

  /// A line break in a name would be a second message for whoever reads lines (RFC 6587 §3.4.2).
  @Test func A_11_oneRecordIsOneLine() {
    let event = AuditEvent(
      at: Timestamp(milliseconds: 1_800_000_000_125), action: .exchangeRefused,
      subject: "a\r\n<13>1 - - - - - - b\u{1B}[2J")
    let record = AuditRecord(head: AuditHead(sequence: 2_147_483_650, digest: [1]), event: event)
    let bytes = SyslogMessage(facility: 13, host: "gateway", process: "7").bytes(record)
    #expect(!bytes.contains { $0 < 0x20 })
    let head = "<108>1 2027-01-15T08:00:00.125Z gateway martlet 7 exchange.refused [meta sequenceId=\"4\"] {"
    #expect(bytes.starts(with: head.utf8))
  }
}
