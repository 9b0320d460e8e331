import Crypto
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletDomain

@Suite struct AuditBatchTests {
  private static let full = AuditEvent(
    at: Timestamp(milliseconds: 1_800_000_000_123), action: .exchangeForwarded, tenant: "acme", flow: "flow_1",
    request: "req_1", subject: "usr_1", client: "https://client.example/é", route: "/time/mcp", method: "tools/call",
    target: "now", status: 200, reason: "ok", duration: .nanoseconds(1_234_567), address: "127.0.0.1", key: "prod",
    trace: "0af7651916cd43dd8448eb211c80319c")
  private static let bare = AuditEvent(at: Timestamp(milliseconds: -1), action: .processStarted)
  private static let odd = AuditEvent(
    at: Timestamp(milliseconds: .min), action: .toolChanged, tenant: "", flow: "",
    request: RequestID(ByteString([0xFF, 0x00, 0xC3])), subject: "", client: ClientID(ByteString([0x80])), route: "",
    method: "a\u{0}b", target: "e\u{301}\u{1F600}", status: -1, reason: "", duration: .nanoseconds(-5), address: "",
    key: "")
  private static let traced = AuditEvent(
    at: Timestamp(milliseconds: 7), action: .tokenIssued, subject: "usr_2", trace: "t")
  private static let long = AuditEvent(
    at: Timestamp(milliseconds: .max), action: .exchangeRefused,
    target: String(repeating: "0123456789abcde\n", count: 65_536), status: .max, duration: .seconds(Int64.max))

  /// What programs before this form of a batch have computed: their trails must verify.
  @Test func A_03_digestsAreWhatTheyAlwaysWere() {
    let known = [
      (Self.full, "63bbe6c267b7eaa0b21a7a194894eab9da0ba56a29ac3cefaecc7000f1a99771"),
      (Self.bare, "5b9a071a13bf7c48ceea378e763f206e237f3735e335305e155ea6ec2abce657"),
      (Self.odd, "664b353a1f9e723b22d237389bc508d080f08d1b2144c441c4367969b53d60e5"),
      (Self.traced, "a837c64df2cea143ee3e8bb5a16612c500929f80c28829108381a2d6b1c76c7f"),
      (Self.long, "5aeae64ba28e8d2eda12b78f9fb5a28a39a07be9ca75c30c066a3f5f68774cbd"),
    ]
    var head = AuditHead.beginning
    for (event, digest) in known {
      head = AuditChain.test.head(after: head, adding: event)
      #expect(Hex.encode(head.digest) == digest)
    }
    #expect(head.sequence == 5)
    var end = AuditEnd(.beginning)
    AuditBatch(known.map(\.0)).withRecords { records in
      for index in 0..<records.count { AuditChain.test.move(&end, behind: records[index]) }
    }
    #expect(end.head == head, "a batch is linked as its events alone are")
  }

  /// With keys shorter than a block of the hash, as long, and longer.
  @Test(arguments: [1, 31, 32, 63, 64, 65, 200]) func A_03_aRecordsCodeIsItsHMAC(keyLength: Int) {
    let key = SymmetricKey(data: (0..<keyLength).map { UInt8(truncatingIfNeeded: $0 * 7) })
    let head = AuditHead(sequence: 41, digest: (0..<32).map { UInt8($0) })
    for event in [Self.full, Self.bare, Self.long] {
      AuditBatch([event]).withRecords { records in
        var end = AuditEnd(head)
        AuditChain(key: key).move(&end, behind: records[0])
        let covered = head.digest + [0, 0, 0, 0, 0, 0, 0, 42] + Array(records[0].bytes)
        #expect(end.head.digest == Array(HMAC<SHA256>.authenticationCode(for: covered, using: key)))
      }
    }
  }

  @Test(arguments: 0..<40) func A_03_whatWasWrittenIsRead(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var batch = AuditBatch()
    // Memory that other records were in.
    for _ in 0..<5 { batch.append(Self.event(&generator)) }
    batch.removeAll()
    #expect(batch.isEmpty)
    var events = (0..<30).map { _ in Self.event(&generator) } + [Self.full, Self.bare, Self.odd, Self.traced]
    for event in events { batch.append(event) }
    let more = (0..<3).map { _ in Self.event(&generator) }
    batch.append(AuditBatch(more))
    events += more
    #expect(batch.count == events.count)
    batch.withRecords { records in
      for (index, event) in events.enumerated() {
        #expect(records[index].event == event)
        let again = AuditBatch(records[index].event.map { [$0] } ?? [])
        #expect(again.withRecords { $0[0].bytes.elementsEqual(records[index].bytes) })
        #expect(records[index].isSame(.target, as: records[0]) == event.target.equalsBytewise(events[0].target))
        #expect(records[index].holds(.action, "process.started") == (event.action == .processStarted))
      }
      #expect(records[-1].event == nil && records[events.count].event == nil && records[.max].bytes.isEmpty)
    }
  }

  @Test func A_03_longTextsAndDurationsAreReadToo() throws {
    let read = try #require(AuditBatch([Self.long]).withRecords { $0[0].event })
    #expect(read.target == Self.long.target && read.status == .max && read.at == Self.long.at)
    // More than 292 years are these.
    #expect(read.duration == .nanoseconds(Int64.max))
  }

  /// Nothing but our own batches is read, and still no place leads out of a record.
  @Test(arguments: 0..<20) func noPlaceLeadsOutOfARecord(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<200).map { _ in [0, 1, 2, 5, 200, 255].randomElement(using: &generator) ?? 0 as UInt8 }
    for _ in 0..<200 {
      let ends = (0..<3).map { _ in [0, 1, 7, 8, 9, 100, 199, 200, 201, -1, .max].randomElement(using: &generator) ?? 0
      }
      let places = (0..<48).map { _ in
        UInt32.random(in: 0...(Bool.random(using: &generator) ? 220 : .max), using: &generator)
      }
      bytes.withUnsafeBytes { bytes in
        ends.withUnsafeBufferPointer { ends in
          places.withUnsafeBufferPointer { places in
            let records = AuditRecordViews(bytes: bytes, ends: ends, places: places)
            for index in -1...3 { Self.expectInside(records[index], bytes) }
          }
        }
      }
    }
  }

  private static func expectInside(_ record: AuditRecordView, _ all: UnsafeRawBufferPointer) {
    for field in AuditField.allCases {
      if let found = record.bytes(field), let start = found.baseAddress, let first = record.bytes.baseAddress {
        let offset = UnsafeRawPointer(start) - first
        #expect(offset >= 0 && offset + found.count <= record.bytes.count)
      }
      _ = record.number(field)
    }
    #expect(record.bytes.count <= all.count)
    _ = record.event
  }

  private static func event(_ generator: inout SeededGenerator) -> AuditEvent {
    var event = AuditEvent(
      at: Timestamp(milliseconds: .random(in: .min ... .max, using: &generator)),
      action: AuditAction.allCases.randomElement(using: &generator) ?? .loginFailed,
      tenant: TenantID(name(&generator) ?? ""), address: text(&generator), key: text(&generator))
    event.flow = name(&generator).map { FlowID($0) }
    event.request = name(&generator).map { RequestID($0) }
    event.client = name(&generator).map { ClientID($0) }
    for field: WritableKeyPath<AuditEvent, String?> in [
      \.subject, \.route, \.method, \.target, \.reason, \.trace,
    ] {
      event[keyPath: field] = text(&generator)
    }
    if Bool.random(using: &generator) { event.status = .random(in: .min ... .max, using: &generator) }
    if Bool.random(using: &generator) {
      event.duration = .nanoseconds(Int64.random(in: .min ... .max, using: &generator))
    }
    return event
  }

  private static func name(_ generator: inout SeededGenerator) -> ByteString? {
    guard Bool.random(using: &generator) else { return nil }
    let count = [0, 1, 2, 14, 15, 16, 17, 300].randomElement(using: &generator) ?? 0
    return ByteString((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  private static func text(_ generator: inout SeededGenerator) -> String? {
    guard Bool.random(using: &generator) else { return nil }
    let count = [0, 1, 2, 14, 15, 16, 17, 5_000].randomElement(using: &generator) ?? 0
    let letters: [Character] = ["a", "\u{0}", "\n", "é", "e\u{301}", "\u{1F600}", "'", "\u{FEFF}"]
    return String((0..<count).map { _ in letters.randomElement(using: &generator) ?? "b" })
  }
}
