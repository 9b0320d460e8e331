import NIOCore

/// What a call hears of its answer.
enum SSECallTurn: Sendable {
  case answered(status: Int, HeaderFields)
  case sent(ByteBuffer)
  case finished
  case failed(UpstreamFailure)
}

/// The end of a call on its caller's event loop; the session that answers it may live on another.
final class SSECall: UpstreamCall {
  private let number: SSECallNumber
  private let session: NIOLoopBound<SSEUpstreamSession>?
  private var receiver: (any UpstreamReceiver)?
  private var isReading = true

  /// - Parameter session: Who answers; `nil` where that is known already.
  init(_ number: SSECallNumber, receiver: any UpstreamReceiver, session: NIOLoopBound<SSEUpstreamSession>?) {
    self.number = number
    self.receiver = receiver
    self.session = session
  }

  func setReading(_ reading: Bool) {
    guard receiver != nil, reading != isReading, let session else { return }
    isReading = reading
    let number = self.number
    session.eventLoop.execute { session.value.setReading(reading, of: number) }
  }

  func cancel() {
    guard receiver != nil else { return }
    receiver = nil
    let number = self.number
    guard let session else { return }
    session.eventLoop.execute { session.value.cancel(number) }
  }

  func hear(_ turn: SSECallTurn) {
    guard let receiver else { return }
    switch turn {
    case .answered(let status, let headers): receiver.upstreamAnswered(status: status, headers: headers)
    case .sent(let bytes): receiver.upstreamSent(bytes)
    case .finished:
      self.receiver = nil
      receiver.upstreamFinished()
    case .failed(let failure):
      self.receiver = nil
      receiver.upstreamFailed(failure)
    }
  }
}

/// A call as the session knows it.
struct SSECallPort: Sendable {
  let number: SSECallNumber
  private let call: NIOLoopBound<SSECall>

  /// - Parameter eventLoop: The caller's, which this must come from.
  init(_ number: SSECallNumber, _ call: SSECall, on eventLoop: any EventLoop) {
    self.number = number
    self.call = NIOLoopBound(call, eventLoop: eventLoop)
  }

  /// Tells the call; never before the one who began it has it in hand.
  func tell(_ turns: SSECallTurn...) {
    call.eventLoop.execute { [call] in
      for turn in turns { call.value.hear(turn) }
    }
  }

  /// Tells a whole answer.
  func tell(status: Int, type: String? = nil, session: String? = nil, body: [UInt8] = []) {
    var headers = HeaderFields()
    if let type { headers.add("content-type", type) }
    headers.add("content-length", String(body.count))
    if let session { headers.add("mcp-session-id", session) }
    tell(.answered(status: status, headers), .sent(ByteBuffer(bytes: body)), .finished)
  }
}
