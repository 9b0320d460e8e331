import HTTPWire
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// The same messages through both codecs, in turns.
@main
enum Compare {
  static let rounds = 7
  static let count = 50_000

  static func main() throws {
    let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\",\"arguments\":{\"text\":\""
      + String(repeating: "x", count: 900) + "\"}}}"
    let token = String(repeating: "t", count: 403)
    let request =
      "POST /stateless/mcp HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer \(token)\r\n"
      + "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nUser-Agent: bench/1.0\r\n"
      + "MCP-Protocol-Version: 2025-06-18\r\nMcp-Session-Id: 0123456789abcdef0123456789abcdef\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    let answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nServer: x\r\n"
      + "Content-Length: 621\r\n\r\n" + String(repeating: "y", count: 621)
    try compare("request", ByteBuffer(string: request), ours: ours(request:), theirs: theirs(request:))
    try compare("answer", ByteBuffer(string: answer), ours: ours(answer:), theirs: theirs(answer:))
  }

  static func compare(
    _ name: String, _ bytes: ByteBuffer, ours: (ByteBuffer) throws -> Double, theirs: (ByteBuffer) throws -> Double
  ) throws {
    var (best, other) = (Double.infinity, Double.infinity)
    for _ in 0..<rounds {
      best = min(best, try ours(bytes))
      other = min(other, try theirs(bytes))
    }
    print("\(name): ours \(Int(best)) ns, NIOHTTP1 \(Int(other)) ns, ratio \((other / best * 10).rounded() / 10)")
  }

  static func timed(_ work: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let took = try clock.measure { for _ in 0..<count { try work() } }
    return Double(took.components.attoseconds) / 1e9 / Double(count) + Double(took.components.seconds) * 1e9 / Double(count)
  }

  static func ours(request bytes: ByteBuffer) throws -> Double {
    let reader = RequestReader(
      limits: HeadLimits(totalBytes: 32 << 10, fieldBytes: 20 << 10, fields: 100, targetBytes: 8 << 10))
    var sum = 0
    let took = try timed {
      var unread = bytes
      reading: while true {
        switch try reader.next(unread.readableBytesUInt8Span) {
        case .head(let head):
          sum += head.fields.count(.authorization)
          unread.moveReaderIndex(forwardBy: head.byteCount)
        case .data(_, let count): sum += unread.readSlice(length: count)?.readableBytes ?? 0
        case .end, .needsMore: break reading
        }
      }
    }
    precondition(sum > 0)
    return took
  }

  static func ours(answer bytes: ByteBuffer) throws -> Double {
    let reader = ResponseReader(
      limits: HeadLimits(totalBytes: 64 << 10, fieldBytes: 32 << 10, fields: 256, targetBytes: 1 << 10))
    var sum = 0
    let took = try timed {
      var unread = bytes
      reading: while true {
        switch try reader.next(unread.readableBytesUInt8Span) {
        case .head(let head):
          sum += head.fields.count(.contentType)
          unread.moveReaderIndex(forwardBy: head.byteCount)
        case .data(_, let count): sum += unread.readSlice(length: count)?.readableBytes ?? 0
        case .end, .needsMore: break reading
        }
      }
    }
    precondition(sum > 0)
    return took
  }

  static func theirs(request bytes: ByteBuffer) throws -> Double {
    let counter = Counter<HTTPServerRequestPart> { part in
      if case .head(let head) = part { return head.headers[canonicalForm: "authorization"].count }
      return 0
    }
    let channel = EmbeddedChannel(handlers: [
      ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)), counter,
    ])
    return try timed { try channel.writeInbound(bytes) }
  }

  static func theirs(answer bytes: ByteBuffer) throws -> Double {
    let counter = Counter<HTTPClientResponsePart> { part in
      if case .head(let head) = part { return head.headers[canonicalForm: "content-type"].count }
      return 0
    }
    let channel = EmbeddedChannel(handlers: [
      ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)), counter,
    ])
    let head = HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/"))
    return try timed {
      channel.pipeline.write(head, promise: nil)
      try channel.writeInbound(bytes)
    }
  }
}

/// Takes what a decoder read.
final class Counter<Part>: ChannelInboundHandler {
  typealias InboundIn = Part
  private let look: (Part) -> Int
  private(set) var sum = 0

  init(_ look: @escaping (Part) -> Int) { self.look = look }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { sum += look(unwrapInboundIn(data)) }
}
