import Crypto
import MCPProtocol
import MartletDomain
import MartletTestSupport
import NIOCore
import NIOEmbedded
import Testing

@testable import MartletProxy

struct EventLogTests {
  private final class Producer: EventProducer {
    var isReading = true
    var readers = 0
    var hasEnded = false

    func setReading(_ reading: Bool) { isReading = reading }

    func readerLeft() { readers -= 1 }

    func readerCame(_ principal: Principal) { readers += 1 }

    func sessionEnded() { hasEnded = true }
  }

  /// What a client has taken.
  private final class Taken {
    var text = ""
    var ends: [EventLog.End] = []

    var numbers: [Int] {
      text.split(separator: "\n").filter { $0.hasPrefix("data: n") }.compactMap { line in
        Int(line.dropFirst(7).prefix { $0 != "x" })
      }
    }
  }

  private let loop = EmbeddedEventLoop()
  private let logs: EventLogs
  private let session: MCPSession
  private let producer = Producer()

  init() {
    logs = EventLogs(
      eventLoop: loop, index: 0, ids: EventIDs(sealer: Sealer(key: SymmetricKey(size: .bits256))), limit: 8 << 20)
    session = Sample().mcpSession()
  }

  private func log(_ kind: StreamName.Kind = .call) -> EventLog {
    let log = logs.begin(kind, of: session, answering: .number(1))
    log.producer = producer
    return log
  }

  private func event(_ number: Int, padding: Int = 0) -> SSEEvent {
    SSEEvent(data: Array("n\(number)x".utf8) + [UInt8](repeating: 0x79, count: padding))
  }

  private func reader(_ log: EventLog, after sequence: Int = 0) -> EventLogReader {
    log.attach(after: sequence, for: ProxyFixture.principal())
  }

  private func take(_ reader: EventLogReader, into taken: Taken, forever: Bool = true) {
    reader.read(on: loop) { turn in
      switch turn {
      case .events(let bytes):
        taken.text += String(buffer: bytes)
        if forever { take(reader, into: taken) }
      case .over(let end): taken.ends.append(end)
      }
    }
  }

  @Test func R_60_aReaderGetsEverythingOnceInOrder() {
    let (log, taken) = (log(), Taken())
    log.append([event(1), event(2)])
    take(reader(log), into: taken)
    #expect(taken.numbers == [1, 2])
    log.append([event(3)])
    log.finish(.complete(nil))
    log.append([event(4)])
    #expect(taken.numbers == [1, 2, 3])
    #expect(taken.ends == [.complete(nil)])
  }

  @Test func R_60_whoComesBackGetsTheRest() {
    let log = log()
    let (first, second) = (Taken(), Taken())
    take(reader(log), into: first)
    log.append((1...5).map { event($0) })
    take(reader(log, after: 2), into: second)
    #expect(first.ends == [.complete("replaced")], "whoever read before stops")
    #expect(second.numbers == [3, 4, 5])
    log.append([event(6)])
    #expect(first.numbers == [1, 2, 3, 4, 5] && second.numbers == [3, 4, 5, 6])
    #expect(logs.log(log.name, of: session.digest) === log)
    #expect(logs.log(log.name, of: Sample(seed: 2).digest()) == nil, "another session has no such stream")
    #expect(log.keeps(after: 6) && !log.keeps(after: 7), "what was never said can't have been heard")
  }

  @Test func aSlowReaderSlowsTheUpstreamDownAndNobodyDoesNot() {
    let (log, taken) = (log(), Taken())
    let reader = reader(log)
    log.append([event(1, padding: GatewayLimits.unreadEvents)])
    #expect(!producer.isReading)
    take(reader, into: taken, forever: false)
    #expect(producer.isReading, "it has caught up")
    log.append([event(2, padding: GatewayLimits.unreadEvents)])
    #expect(!producer.isReading)
    reader.leave(on: loop)
    #expect(producer.isReading, "a client that is gone doesn't hold the call up (§4.2)")
    #expect(producer.readers == 0)
  }

  @Test func R_60_aLogIsBounded() {
    let log = log()
    for number in 1...40 { log.append([event(number, padding: 100_000)]) }
    #expect(log.size <= GatewayLimits.loggedStream)
    #expect(!log.keeps(after: 0), "what follows isn't whole any more")
    #expect(log.keeps(after: 39))
    let taken = Taken()
    take(reader(log, after: 38), into: taken)
    #expect(taken.numbers == [39, 40])
  }

  @Test func R_60_allLogsTogetherAreBounded() {
    let old = (0..<20).map { index in
      let log = log()
      log.append([event(index, padding: 1_000_000)])
      log.finish(.complete(nil))
      return log
    }
    #expect(old.count { $0.isKept } == 8, "the oldest streams are forgotten first")
    #expect(old.suffix(8).allSatisfy { $0.isKept })
    for _ in 0..<200 { log().finish(.complete(nil)) }
    #expect(old.allSatisfy { !$0.isKept }, "a session has so many streams and no more")
    logs.forget(session.digest)
    let fresh = log()
    fresh.append([event(1, padding: 100)])
    #expect(fresh.isKept)
  }

  @Test func V_041_whoSpeaksInASessionHearsThatItIsOver() {
    let (log, resumable) = (log(), log(.standing))
    logs.forget(session.digest)
    #expect(producer.hasEnded && !log.isKept && !resumable.isKept)
  }

  @Test func olderClientsGetNoEmptyEvent() {
    for (revision, isPrimed) in [(ProtocolRevision.v20250618, false), (.v20251125, true)] {
      var session = session
      session.revision = revision
      let (log, taken) = (logs.begin(.call, of: session), Taken())
      take(reader(log), into: taken)
      log.prime()
      #expect(taken.text.isEmpty != isPrimed)
      #expect(taken.text.hasPrefix("id: ") == isPrimed)
    }
  }

  @Test func theUpstreamsIDsAreNotTheClients() {
    for (revision, ids) in [(ProtocolRevision.v20250618, 2), (.v20251125, 3)] {
      var session = session
      session.revision = revision
      let (log, taken) = (logs.begin(.call, of: session), Taken())
      take(reader(log), into: taken)
      log.append([
        SSEEvent(id: "theirs", data: [0x31]), SSEEvent(id: "theirs", retry: 5), SSEEvent(id: "\u{1}", data: [0x32]),
        SSEEvent(retry: 5),
      ])
      #expect(!taken.text.contains("theirs"))
      let given = taken.text.split(separator: "\n").count { $0.hasPrefix("id: ") }
      #expect(given == ids, "an event without data has an id where it can have empty data")
    }
  }

  @Test func whoHasAllOfAStreamThatEndedIsSentToTheServerWhereItHasMore() {
    let (call, standing, replaced) = (log(), log(.standing), log(.standing))
    for log in [call, standing, replaced] { log.append([event(1), event(2)]) }
    #expect(!standing.isExhausted(after: 2), "it goes on")
    call.finish(.complete(nil))
    standing.finish(.complete(nil))
    replaced.finish(.complete("replaced"))
    #expect(!call.isExhausted(after: 2), "its answer was all")
    #expect(standing.isExhausted(after: 2) && !standing.isExhausted(after: 1))
    #expect(!replaced.isExhausted(after: 2), "its client opened another")
  }
}
