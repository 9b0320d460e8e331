import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server on 127.0.0.1 that answers every connection with scripted bytes and counts connections.
final class LoopbackServer: Sendable {
  /// What the server writes, in order; after the last step the connection is closed.
  enum Step: Sendable {
    case send(String)
    case bytes([UInt8])
    case wait(TimeAmount)
    case hang
  }

  let port: Int
  private let channel: any Channel
  private let log: RequestLog

  var requests: [String] { log.requests }

  static func start(tls: Bool = false, _ script: @escaping @Sendable (String) -> [Step]) async throws -> LoopbackServer
  {
    var context: NIOSSLContext?
    if tls {
      context = try NIOSSLContext(
        configuration: .makeServerConfiguration(
          certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(TestCertificates.leaf.utf8))
            .map { .certificate($0) },
          privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(TestCertificates.leafKey.utf8), format: .pem))))
    }
    let log = RequestLog()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { [context] channel in
        channel.eventLoop.makeCompletedFuture {
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try channel.pipeline.syncOperations.addHandler(ScriptHandler(log: log, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return LoopbackServer(channel: channel, log: log)
  }

  private init(channel: any Channel, log: RequestLog) {
    self.channel = channel
    self.log = log
    self.port = channel.localAddress?.port ?? 0
  }

  func stop() { channel.close(promise: nil) }

  static func json(_ body: String, headers: String = "") -> [Step] {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
    return [.send("\(head)\(headers)\r\n\(body)")]
  }
}

private final class RequestLog: Sendable {
  private let storage = Mutex<[String]>([])
  var requests: [String] { storage.withLock { $0 } }
  func append(_ request: String) { storage.withLock { $0.append(request) } }
}

private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let log: RequestLog
  private let script: @Sendable (String) -> [LoopbackServer.Step]
  private var received = ""
  private var hasAnswered = false

  init(log: RequestLog, script: @escaping @Sendable (String) -> [LoopbackServer.Step]) {
    self.log = log
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += String(buffer: unwrapInboundIn(data))
    guard !hasAnswered, isComplete else { return }
    hasAnswered = true
    log.append(received)
    run(script(received)[...], context: context)
  }

  private var isComplete: Bool {
    let parts = received.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return false }
    let length = parts[0].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
    return parts[1].utf8.count >= (length.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0)
  }

  private func run(_ steps: ArraySlice<LoopbackServer.Step>, context: ChannelHandlerContext) {
    guard let step = steps.first, context.channel.isActive else {
      context.close(promise: nil)
      return
    }
    let rest = steps.dropFirst()
    switch step {
    case .send(let text):
      write(ByteBuffer(string: text), rest, context)
    case .bytes(let bytes):
      write(ByteBuffer(bytes: bytes), rest, context)
    case .wait(let time):
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      context.eventLoop.scheduleTask(in: time) { bound.value.0.run(rest, context: bound.value.1) }
    case .hang:
      break
    }
  }

  private func write(_ buffer: ByteBuffer, _ rest: ArraySlice<LoopbackServer.Step>, _ context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    // On the next turn of the loop: writes that complete at once would pile up on the stack.
    context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
      bound.value.1.eventLoop.execute { bound.value.0.run(rest, context: bound.value.1) }
    }
  }
}
