import MartletDomain
import NIOCore

/// The open streams of every event loop, so that what was taken away ends within a second (V-041) and a stopping
/// process can say good-bye.
struct OpenStreams: Sendable {
  private final class Loop {
    var answers: [ObjectIdentifier: any ExchangeAnswer] = [:]
    /// The GET stream of each legacy session.
    var ofSessions: [ArtefactDigest: any ExchangeAnswer] = [:]
  }

  private let loops: [ObjectIdentifier: NIOLoopBound<Loop>]
  private let eventLoops: [any EventLoop]
  private static let interval = TimeAmount.seconds(1)

  /// - Parameters:
  ///   - revocations: What was taken away.
  ///   - clock: Tells when a token has expired.
  ///   - settings: Tells which routes there are now, and for whom.
  init(
    group: any EventLoopGroup, revocations: RevocationIndex, clock: any WallClock,
    settings: @escaping @Sendable () -> GatewaySettings
  ) async throws {
    var loops: [ObjectIdentifier: NIOLoopBound<Loop>] = [:]
    for eventLoop in group.makeIterator() {
      loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
        let loop = NIOLoopBound(Loop(), eventLoop: eventLoop)
        eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
          Self.sweep(loop.value, revocations, settings(), clock.now())
        }
        return loop
      }.get()
    }
    self.loops = loops
    eventLoops = Array(group.makeIterator())
  }

  func opened(_ answer: any ExchangeAnswer, on eventLoop: any EventLoop) {
    loops[ObjectIdentifier(eventLoop)]?.value.answers[ObjectIdentifier(answer)] = answer
  }

  /// Makes a GET stream the one of its session. It ends the one before, whose client may be gone without a word (X5).
  func replace(_ session: ArtefactDigest, by answer: any ExchangeAnswer, on eventLoop: any EventLoop) {
    for other in eventLoops where other !== eventLoop {
      guard let bound = loops[ObjectIdentifier(other)] else { continue }
      other.execute { bound.value.ofSessions.removeValue(forKey: session)?.close(reason: "replaced") }
    }
    loops[ObjectIdentifier(eventLoop)]?.value.ofSessions.updateValue(answer, forKey: session)?.close(reason: "replaced")
  }

  func closed(_ answer: any ExchangeAnswer, of session: ArtefactDigest?, on eventLoop: any EventLoop) {
    guard let loop = loops[ObjectIdentifier(eventLoop)]?.value else { return }
    loop.answers[ObjectIdentifier(answer)] = nil
    if let session, loop.ofSessions[session] === answer { loop.ofSessions[session] = nil }
  }

  /// Ends every stream that would go on for ever; calls may still be answered.
  func closeAll(reason: String) async {
    for eventLoop in eventLoops {
      guard let bound = loops[ObjectIdentifier(eventLoop)] else { continue }
      try? await eventLoop.submit {
        for answer in bound.value.answers.values where answer.isEndless { answer.close(reason: reason) }
      }.get()
    }
  }

  private static func sweep(
    _ loop: Loop, _ revocations: RevocationIndex, _ settings: GatewaySettings, _ now: Timestamp
  ) {
    for answer in loop.answers.values {
      let principal = answer.principal
      if revocations.isRevoked(principal) {
        answer.close(reason: "revoked")
      } else if principal.expiresAt <= now, answer.isEndless {
        answer.close(reason: "expired")
      } else if settings.route(path: principal.route.path)?.resource.admits(principal.tenant) != true {
        answer.close(reason: "route_withdrawn")
      }
    }
  }
}
