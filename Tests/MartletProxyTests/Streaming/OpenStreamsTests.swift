import Crypto
import Dispatch
import MartletDomain
import MartletPolicy
import MartletTestSupport
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletProxy

struct OpenStreamsTests {
  private final class Stream: OpenStream {
    let principal = ProxyFixture.principal()
    let isEndless = false
    private let ended: Ended
    private let name: Int

    init(_ name: Int, _ ended: Ended) {
      self.name = name
      self.ended = ended
    }

    func close(reason: String) { ended.note(name, reason) }
  }

  private final class Ended: Sendable {
    private let names = Mutex<[Int: String]>([:])

    var all: [Int: String] { names.withLock { $0 } }

    func note(_ name: Int, _ reason: String) { names.withLock { $0[name] = reason } }
  }

  private static func streams(_ group: any EventLoopGroup) async throws -> OpenStreams {
    let settings = try ProxyFixture().settings
    return try await OpenStreams(
      group: group, revocations: RevocationIndex(),
      policy: StreamPolicy(subjects: SubjectDirectory(store: MemoryStore(), clock: FakeClock()), clock: FakeClock()),
      credentials: NoCredentials(), eventIDs: EventIDs(sealer: Sealer(key: SymmetricKey(size: .bits256))),
      settings: { settings })
  }

  /// Both stand before either hears of the other: neither may end both.
  @Test func X_5_ofTwoStreamsAtOnceOneStays() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let streams = try await Self.streams(group)
    let session = Sample(seed: 5).digest()
    let loops = [group.next(), group.next()]
    for round in 0..<200 {
      let ended = Ended()
      let both = DispatchGroup()
      for _ in loops { both.enter() }
      let done = loops.enumerated().map { name, eventLoop in
        eventLoop.submit {
          streams.replace(session, by: Stream(name, ended), on: eventLoop)
          both.leave()
          both.wait()
        }
      }
      for one in done { try await one.get() }
      // What each told the other has been done when this comes back.
      for eventLoop in loops { try await eventLoop.submit {}.get() }
      #expect(ended.all.count == 1 && ended.all.values.allSatisfy { $0 == "replaced" }, "round \(round): \(ended.all)")
      streams.sessionsEnded([session])
      for eventLoop in loops { try await eventLoop.submit {}.get() }
      #expect(ended.all.count == 2 && ended.all.values.contains("session_ended"), "round \(round): \(ended.all)")
    }
    try await group.shutdownGracefully()
  }
}
