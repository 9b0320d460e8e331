import Crypto
import Foundation
import MartletAudit
import MartletDomain
import MartletStoreSQLite

/// How many records a second go through the recorder into the store, each linked to the one before it, and what of that
/// is the chain's work. Processor time is what counts: it doesn't change with what else the machine does.
@main
enum Trail {
  static let chain = AuditChain(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))

  static func main() async throws {
    let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200_000
    let folder = FileManager.default.temporaryDirectory.path + "/trail-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let events = (0..<count).map(event)
    show("chain alone", count, try measured { link(events) })
    let store = try SQLiteStore(path: folder + "/martlet.sqlite")
    let recorder = AuditRecorder(store: store, chain: chain)
    for round in 1...3 {
      show("recorder, chain, store, round \(round)", count, try await measured { try await write(events, recorder) })
    }
    let verifier = TrailVerifier(store: store, chain: chain)
    let verified = try await measured {
      for report in try await verifier.verify(against: []) where !report.findings.isEmpty { print("NOT WHOLE") }
    }
    show("verified", count * 3, verified)
    try store.close()
  }

  /// As calls leave them.
  static func event(_ number: Int) -> AuditEvent {
    AuditEvent(
      at: Timestamp(milliseconds: 1_800_000_000_000 + Int64(number / 20)), action: .exchangeForwarded,
      tenant: TenantID(number % 3 == 0 ? "acme" : "default"), flow: FlowID("flw_0123456789abcdef\(number % 50)"),
      request: RequestID("req_0123456789abcdef\(number)"), subject: "usr_0123456789abcdef\(number % 50)",
      client: ClientID("cli_0123456789abcdef\(number % 5)"), route: "/github/mcp", method: "tools/call",
      target: "tool-\(number % 20)", status: 200, duration: .microseconds(1_000 + number % 5_000), address: "127.0.0.1")
  }

  static func link(_ events: [AuditEvent]) {
    var head = AuditHead.beginning
    for event in events { head = chain.head(after: head, adding: event) }
    if head.sequence == 0 { print(head) }
  }

  static func write(_ events: [AuditEvent], _ recorder: AuditRecorder) async throws {
    var rest = events[...]
    while !rest.isEmpty {
      for event in rest.prefix(2_000) { recorder.record(event) }
      rest = rest.dropFirst(2_000)
      try await recorder.flush()
    }
    if recorder.lostEvents > 0 { print("LOST \(recorder.lostEvents)") }
  }

  @concurrent
  static func measured(_ work: @Sendable () async throws -> Void) async throws -> (wall: Double, processor: Double) {
    let (began, used) = (ContinuousClock.now, processorSeconds)
    try await work()
    let wall = (ContinuousClock.now - began).components
    return (Double(wall.seconds) + Double(wall.attoseconds) / 1e18, processorSeconds - used)
  }

  static func measured(_ work: () throws -> Void) throws -> (wall: Double, processor: Double) {
    let (began, used) = (ContinuousClock.now, processorSeconds)
    try work()
    let wall = (ContinuousClock.now - began).components
    return (Double(wall.seconds) + Double(wall.attoseconds) / 1e18, processorSeconds - used)
  }

  static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func show(_ what: String, _ count: Int, _ took: (wall: Double, processor: Double)) {
    let (wall, processor) = (Double(count) / took.wall, took.processor / Double(count) * 1e6)
    print("\(what): \(Int(wall)) records/s, \((processor * 100).rounded() / 100) µs of processor time a record")
  }
}
