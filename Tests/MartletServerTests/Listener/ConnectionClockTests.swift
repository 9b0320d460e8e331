import NIOCore
import NIOEmbedded
import Testing

@testable import MartletServer

struct ConnectionClockTests {
  /// A connection whose last answer is complete; as many bytes of it wait after each rest as are given.
  private func isOpen(afterRests waiting: [Int]) throws -> Bool {
    let channel = EmbeddedChannel()
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    let clock = ConnectionClock(channel)
    defer { clock.stop() }
    clock.exchangeEnded()
    for count in waiting {
      channel.flush()
      channel.write(ByteBuffer(repeating: 0, count: count), promise: nil)
      channel.embeddedEventLoop.advanceTime(by: FrontDoorLimits.idle)
    }
    let isOpen = channel.isActive
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return isOpen
  }

  @Test func anIdleConnectionEnds() throws {
    #expect(try !isOpen(afterRests: [0]))
  }

  @Test func V_084_aSlowReaderGetsTheRestWhileItTakesEnough() throws {
    let (much, taken) = (1 << 20, FrontDoorLimits.taken)
    #expect(try isOpen(afterRests: [much]))
    #expect(try isOpen(afterRests: [much, much - taken, much - 2 * taken]))
    #expect(try !isOpen(afterRests: [much, much - taken, 0]))
    #expect(try !isOpen(afterRests: [much, much]))
    #expect(try !isOpen(afterRests: [much, much - taken + 1]))
  }
}
