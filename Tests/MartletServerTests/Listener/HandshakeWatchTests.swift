import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import MartletServer

struct HandshakeWatchTests {
  private func connection() throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(HandshakeWatch())
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    return channel
  }

  @Test func V_084_anUnfinishedHandshakeEnds() throws {
    let channel = try connection()
    channel.embeddedEventLoop.advanceTime(by: FrontDoorLimits.handshake - .milliseconds(1))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(!channel.isActive)
  }

  @Test func aFinishedOneIsLeftAlone() throws {
    let channel = try connection()
    channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
    channel.embeddedEventLoop.advanceTime(by: FrontDoorLimits.handshake * 3)
    #expect(channel.isActive)
    #expect(throws: (any Error).self) { try channel.pipeline.syncOperations.handler(type: HandshakeWatch.self) }
    _ = try channel.finish()
  }
}
