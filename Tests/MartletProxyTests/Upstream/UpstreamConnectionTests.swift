import HTTPWire
import MartletDomain
import MartletPolicy
import NIOCore
import NIOEmbedded
import OAuthProtocol
import Testing

@testable import MartletProxy

/// How long a server may be silent, with either codec.
@Suite struct UpstreamConnectionTests {
  private let loop = EmbeddedEventLoop()
  private let hearer = Hearer()

  /// A connection over which a request was sent.
  private func asked(_ codec: HTTPCodec) throws -> EmbeddedChannel {
    let url = try AbsoluteURL(parsing: "http://127.0.0.1:9/mcp")
    let connection = UpstreamConnection(lane: UpstreamPool.Lane(UpstreamDestination(url)))
    let channel = EmbeddedChannel(loop: loop)
    switch codec {
    case .martlet:
      try channel.pipeline.syncOperations.addHandler(
        WireUpstreamHandler(connection: connection, eventLoop: loop, flush: PendingFlush(batch: nil, isPlain: true)))
    case .nio: try NIOUpstreamHandler.add(to: channel, connection: connection)
    }
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 9)).wait()
    connection.send(
      OutboundRequest(permit: .system(route: ProxyFixture.time), method: .post, url: url), to: hearer)
    return channel
  }

  private func comes(_ text: String, over channel: EmbeddedChannel) throws {
    try channel.writeInbound(ByteBuffer(string: text))
  }

  private let almost = GatewayLimits.answerStall - .milliseconds(1)

  @Test(arguments: [HTTPCodec.martlet, .nio])
  func anAnswerMayPauseAndNotStay(_ codec: HTTPCodec) throws {
    let channel = try asked(codec)
    try comes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n", over: channel)
    loop.advanceTime(by: almost)
    try comes("abc", over: channel)
    loop.advanceTime(by: almost)
    try comes("def", over: channel)
    loop.advanceTime(by: almost)
    #expect(hearer.heard == ["200", "abc", "def"])
    loop.advanceTime(by: .milliseconds(1))
    #expect(hearer.heard == ["200", "abc", "def", "timeout"])
  }

  @Test(arguments: [HTTPCodec.martlet, .nio])
  func aHeadIsNoAnswer(_ codec: HTTPCodec) throws {
    let channel = try asked(codec)
    try comes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n", over: channel)
    loop.advanceTime(by: GatewayLimits.firstByte)
    #expect(hearer.heard == ["timeout"])
  }

  @Test(arguments: [HTTPCodec.martlet, .nio])
  func aStreamMayBeSilentForAsLongAsItLikes(_ codec: HTTPCodec) throws {
    let channel = try asked(codec)
    try comes(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1\r\n:\r\n",
      over: channel)
    loop.advanceTime(by: .hours(24))
    #expect(hearer.heard == ["200", ":"])
  }

  @Test(arguments: [HTTPCodec.martlet, .nio])
  func aWholeAnswerLeavesNothingBehind(_ codec: HTTPCodec) throws {
    let channel = try asked(codec)
    try comes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}", over: channel)
    loop.advanceTime(by: .hours(24))
    #expect(hearer.heard == ["200", "{}", "end"])
    #expect(channel.isActive)
  }
}
