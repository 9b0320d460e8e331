import HTTPWire
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// NIOHTTP1's decoders with our limits: what another strict reader makes of the same bytes.
enum NIOOracle {
  struct Reading {
    var messages: [Understood] = []
    var error: (any Error)?

    var complete: [Understood] { messages.filter(\.isComplete) }
  }

  private static var limits: NIOHTTPDecoderLimitConfiguration {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = Ours.limits.fieldBytes
    limits.maxHeaderListSize = Ours.limits.totalBytes
    limits.maxHeaderFieldCount = Ours.limits.fields
    return limits
  }

  static func requests(_ bytes: [UInt8]) -> Reading {
    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
    var reading = feed(bytes, to: channel)
    while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let head):
        reading.messages.append(
          Understood(
            start: "\(head.method.rawValue) \(head.uri)", isBeforeHTTP11: head.version.minor == 0,
            fields: fields(head.headers.filter { FieldName.counts(Array($0.name.utf8)) })))
      case .body(let body): append(body, to: &reading)
      case .end: finish(&reading)
      }
    }
    return reading
  }

  /// Answers to one GET.
  static func responses(_ bytes: [UInt8]) -> Reading {
    let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(decoder))
    channel.pipeline.write(
      HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")), promise: nil)
    var reading = feed(bytes, to: channel)
    while let part = try? channel.readInbound(as: HTTPClientResponsePart.self) {
      switch part {
      case .head(let head):
        reading.messages.append(
          Understood(
            start: "\(head.status.code)", isBeforeHTTP11: head.version.minor == 0,
            fields: fields(head.headers.map { ($0.name, $0.value) }), isComplete: head.status.code < 200))
      case .body(let body): append(body, to: &reading)
      case .end: finish(&reading)
      }
    }
    return reading
  }

  private static func feed(_ bytes: [UInt8], to channel: EmbeddedChannel) -> Reading {
    var reading = Reading()
    channel.connect(to: (try? SocketAddress(unixDomainSocketPath: "/x")) ?? channel.localAddress!, promise: nil)
    do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { reading.error = error }
    return reading
  }

  private static func fields(_ fields: [(name: String, value: String)]) -> [String] {
    fields.map { name, value in
      let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
      let trimmed = String(value.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
      return
        "\(String(decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self))=\(trimmed)"
    }
  }

  private static func append(_ body: ByteBuffer, to reading: inout Reading) {
    guard let last = reading.messages.indices.last else { return }
    reading.messages[last].body += body.readableBytesView
  }

  private static func finish(_ reading: inout Reading) {
    guard let last = reading.messages.indices.last else { return }
    reading.messages[last].isComplete = true
  }
}
