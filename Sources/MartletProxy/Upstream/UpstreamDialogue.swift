import MCPProtocol
import NIOCore
import StrictCoding

/// Reads an upstream's answer as messages, whether it comes as JSON or as a stream: for whoever talks to an upstream on
/// its own account rather than relaying. Used on its event loop only.
final class UpstreamDialogue: UpstreamReceiver {
  /// What an upstream said.
  enum Turn {
    /// It takes the request; messages may follow.
    case accepted(HeaderFields)
    /// One message.
    case message(MCPMessage)
    /// Nothing more comes.
    case ended
    /// It refused; the body was read whole.
    case refused(status: Int, HeaderFields, [UInt8])
    /// There is no usable answer.
    case failed(UpstreamFailure)
  }

  private enum Mode {
    case waiting
    case streaming(SSEParser)
    case collecting(status: Int, HeaderFields, [UInt8])
    case done
  }

  private var mode = Mode.waiting
  private var call: (any UpstreamCall)?
  private let allowsBatches: Bool
  private let listener: (Turn) -> Void
  /// The last event of the stream that had an id, for whoever picks the stream up again.
  private(set) var lastEventID: String?
  /// The pause that the upstream wants before that.
  private(set) var retry: TimeAmount?

  /// Sends a request.
  ///
  /// - Parameters:
  ///   - request: What to send.
  ///   - transport: Carries it.
  ///   - eventLoop: Where everything happens; the call must come from it.
  ///   - last: The last event of a stream that is picked up again.
  ///   - listener: Hears every turn; nothing after `ended`, `refused` or `failed`.
  init(
    _ request: OutboundRequest, over transport: any UpstreamTransport, on eventLoop: any EventLoop,
    resuming last: String? = nil, _ listener: @escaping (Turn) -> Void
  ) {
    self.listener = listener
    allowsBatches = request.revision?.allowsBatches ?? false
    lastEventID = last
    call = transport.send(request, to: self, on: eventLoop)
  }

  /// Ends it; the listener hears nothing more.
  func cancel() {
    mode = .done
    call?.cancel()
  }

  /// The instance that it is under way at; `nil` for none, or where it is over.
  var instance: UpstreamInstance? { call?.instance }

  /// Stops or goes on reading, so that a slow client slows the upstream down.
  func setReading(_ reading: Bool) { call?.setReading(reading) }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    let isSuccess = (200..<300).contains(status)
    if isSuccess { listener(.accepted(headers)) }
    guard !isDone else { return }
    if isSuccess, MediaType.isEventStream(headers.first("content-type")) {
      mode = .streaming(SSEParser(limits: .upstreamAnswer))
    } else {
      mode = .collecting(status: status, headers, [])
    }
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    switch mode {
    case .streaming(var parser):
      // The parser is not shared with `mode` while it works, so that its buffers are not copied.
      mode = .waiting
      let events = try? parser.feed(bytes.readableBytesView)
      mode = .streaming(parser)
      guard let events else { return fail() }
      for event in events {
        if let id = event.id { lastEventID = id.isEmpty ? nil : id }
        if let pause = event.retry { retry = .milliseconds(Int64(min(pause, GatewayLimits.longestRetry))) }
        if let data = event.messageData { deliver(data) }
      }
    case .collecting(let status, let headers, var collected):
      mode = .waiting
      collected.append(contentsOf: bytes.readableBytesView)
      guard collected.count <= GatewayLimits.readAnswer else { return fail() }
      mode = .collecting(status: status, headers, collected)
    case .waiting, .done: break
    }
  }

  func upstreamFinished() {
    switch mode {
    case .streaming: finish(.ended)
    case .collecting(let status, let headers, let body):
      guard (200..<300).contains(status) else { return finish(.refused(status: status, headers, body)) }
      if !body.isEmpty { deliver(body) }
      finish(.ended)
    case .waiting: finish(.failed(.malformed))
    case .done: break
    }
  }

  func upstreamFailed(_ failure: UpstreamFailure) { finish(.failed(failure)) }

  private var isDone: Bool { if case .done = mode { true } else { false } }

  private func deliver(_ bytes: [UInt8]) {
    guard !isDone else { return }
    guard let payload = try? MCPPayload.parse(bytes, limits: .upstreamAnswer, allowsBatches: allowsBatches) else {
      return UnreadableMessage.isNotification(bytes) ? () : fail()
    }
    switch payload {
    case .single(let message): listener(.message(message))
    case .batch(let messages): for message in messages where !isDone { listener(.message(message)) }
    }
  }

  private func fail() {
    call?.cancel()
    finish(.failed(.malformed))
  }

  private func finish(_ turn: Turn) {
    guard !isDone else { return }
    mode = .done
    listener(turn)
  }
}

extension JSONLimits {
  /// For what a server answers: results may be large, and texts cut in the middle of a character, which no client minds.
  static let upstreamAnswer = JSONLimits(
    keys: 200_000, values: 2_000_000, stringBytes: GatewayLimits.readAnswer, totalBytes: GatewayLimits.readAnswer,
    mendsSurrogates: true)
}

extension SSELimits {
  /// For what a server answers on a stream.
  static let upstreamAnswer = SSELimits(lineBytes: GatewayLimits.readAnswer, eventBytes: GatewayLimits.readAnswer)
}
