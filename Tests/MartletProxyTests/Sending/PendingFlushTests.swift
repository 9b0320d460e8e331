import MartletProxy
import MartletTestSupport
import NIOCore
import NIOPosix
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is sent past the channel.
@Suite struct PendingFlushTests {
  private static let pattern = (0..<160_000).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B9 >> 16) }

  /// Messages arrive whole and in order, whoever sends them and however slowly they are read.
  @Test(arguments: 1...4) func V_082_inOrder(seed: UInt64) async throws {
    let line = try await SocketLine(isPlain: true)
    var random = SeededGenerator(fuzzSeed: seed)
    var expected: [UInt8] = []
    var received: [UInt8] = []
    for round in 0..<300 {
      var steps: [SocketLine.Step] = []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let size = Int.random(in: 1...5, using: &random) == 1 ? 100_000 : Int.random(in: 1...3_000, using: &random)
        let bytes = Array(Self.pattern.dropFirst(Int.random(in: 0..<60_000, using: &random)).prefix(size))
        expected += bytes
        switch Int.random(in: 0..<4, using: &random) {
        case 0: steps.append(.write(bytes))
        case 1: steps.append(.post(bytes))
        case 2: steps.append(.queue(bytes))
        default: steps += [.queue(bytes), .send]
        }
      }
      steps.append(.send)
      try await line.take(steps)
      // The reader rests for a while, so that the system takes no more.
      if round % 60 > 30 { received += line.read(upTo: Int.random(in: 0...400_000, using: &random)) }
    }
    var patience = 5_000
    while received.count < expected.count, patience > 0 {
      let more = line.read(upTo: 1 << 20)
      if more.isEmpty {
        patience -= 1
        try await Task.sleep(for: .milliseconds(1))
      }
      received += more
    }
    let isWhole = received == expected
    #expect(isWhole, "\(received.count) of \(expected.count) bytes")
    try await line.close()
  }

  /// A small message goes to the socket itself, and behind what the channel holds it doesn't.
  @Test func V_082_behindWhatTheChannelHolds() async throws {
    let line = try await SocketLine(isPlain: true)
    try await line.take([.write(Array("one".utf8))])
    #expect(try await line.writes == 0)
    try await line.take([.queue(Array("two".utf8)), .post(Array("three".utf8))])
    #expect(try await line.writes == 2)
    try await line.take([.post(Array("four".utf8))])
    #expect(try await line.writes == 2)
    #expect(line.read(upTo: 100) == Array("onetwothreefour".utf8))
    try await line.close()
  }

  /// Where there is TLS all goes through the channel.
  @Test func V_082_neverInClear() async throws {
    let line = try await SocketLine(isPlain: false)
    try await line.take([.write(Array("one".utf8))])
    #expect(try await line.writes == 1)
    try await line.close()
  }

  /// A closed socket's number may be another's: nothing is sent to it.
  @Test func V_082_neverToAStranger() async throws {
    var hasMet = false
    for _ in 0..<200 where !hasMet {
      let line = try await SocketLine(isPlain: true)
      try await line.take([.write(Array("mine".utf8))])
      try await line.close()
      let stranger = try SocketPair()
      // Another test may have been given the number meanwhile.
      let copy = stranger.copy(from: line.number)
      hasMet = stranger.given == line.number || copy == line.number
      if hasMet {
        try await line.take([.write(Array("not yours".utf8)), .send])
        #expect(stranger.read(upTo: 100).isEmpty)
      }
      stranger.close()
      for number in [stranger.given, copy] { _ = closeNumber(number) }
    }
    #expect(hasMet)
  }
}

/// A channel over one end of a pair of sockets, and what the test reads at the other end.
private final class SocketLine: Sendable {
  enum Step: Sendable {
    case write([UInt8])
    case post([UInt8])
    case queue([UInt8])
    case send
  }

  private let channel: any Channel
  private let handler: NIOLoopBound<FlushHandler>
  private let pair: SocketPair
  let number: CInt

  init(isPlain: Bool) async throws {
    let pair = try SocketPair()
    let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let handler = try await eventLoop.submit {
      NIOLoopBound(FlushHandler(PendingFlush(batch: .of(eventLoop), isPlain: isPlain)), eventLoop: eventLoop)
    }.get()
    channel = try await ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([handler.value.watch, handler.value])
        }
      }
      .withConnectedSocket(pair.given).get()
    (self.handler, self.pair, number) = (handler, pair, pair.given)
  }

  /// How many writes the channel has seen.
  var writes: Int { get async throws { try await channel.eventLoop.submit { self.handler.value.watch.count }.get() } }

  func take(_ steps: [Step]) async throws {
    try await channel.eventLoop.submit { self.handler.value.take(steps) }.get()
    // What is sent at the end of the loop's round has gone out when its next one begins.
    try await channel.eventLoop.submit {}.get()
    try await channel.eventLoop.submit {}.get()
  }

  func read(upTo count: Int) -> [UInt8] { pair.read(upTo: count) }

  func close() async throws {
    pair.close()
    try? await channel.close()
    try await channel.closeFuture.get()
  }
}

/// Counts what is written to the channel.
private final class WriteWatch: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  var count = 0

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    count += 1
    context.write(data, promise: promise)
  }
}

private final class FlushHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  let watch = WriteWatch()
  private let flush: PendingFlush

  init(_ flush: PendingFlush) { self.flush = flush }

  func handlerAdded(context: ChannelHandlerContext) { flush.attach(to: context) }

  func take(_ steps: [SocketLine.Step]) {
    for step in steps {
      switch step {
      case .write(let bytes):
        var buffer = flush.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        flush.write(buffer)
      case .post(let bytes): flush.post(ByteBuffer(bytes: bytes))
      case .queue(let bytes): flush.queue(ByteBuffer(bytes: bytes))
      case .send: flush.send()
      }
    }
  }
}

/// Two sockets that are connected to each other: one that is given away, and one that is read from without waiting.
private struct SocketPair: Sendable {
  let given: CInt
  private let kept: CInt

  init() throws {
    var both: [CInt] = [0, 0]
    #if canImport(Glibc)
      let kind = CInt(SOCK_STREAM.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    try #require(socketpair(AF_UNIX, kind, 0, &both) == 0)
    (given, kept) = (both[0], both[1])
    _ = fcntl(kept, F_SETFL, O_NONBLOCK)
  }

  func read(upTo count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let more = bytes.withUnsafeMutableBytes { recv(kept, $0.baseAddress! + filled, count - filled, 0) }
      if more <= 0 { break }
      filled += more
    }
    return Array(bytes[..<filled])
  }

  /// The end that is given away once more, under the first free number from one on.
  func copy(from number: CInt) -> CInt { fcntl(given, F_DUPFD, number) }

  func close() { _ = closeNumber(kept) }
}

private func closeNumber(_ number: CInt) -> CInt {
  #if canImport(Glibc)
    Glibc.close(number)
  #else
    Darwin.close(number)
  #endif
}
