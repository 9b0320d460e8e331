import MCPProtocol
import NIOCore

/// `initialize` to a server that speaks HTTP+SSE, or may: where that isn't known yet, the message is posted as in
/// Streamable HTTP first, and only a 400, 404 or 405 leads to the older way (MCP 2025-11-25, Transports, Backwards
/// Compatibility). Used on its event loop only.
final class SSEInitializeCall: UpstreamCall, UpstreamReceiver {
  private struct Refusal {
    let status: Int
    let headers: HeaderFields
    var body: [UInt8] = []
  }

  private let request: OutboundRequest
  private let eventLoop: any EventLoop
  private let transport: any UpstreamTransport
  /// Knows the receiver too, which holds this call: it goes when the receiver does.
  private var begin: ((SSEServerStream, SSEServerStream.Opening) -> (any UpstreamCall)?)?
  private var receiver: (any UpstreamReceiver)? {
    didSet { if receiver == nil { begin = nil } }
  }
  private var current: (any UpstreamCall)?
  private var stream: SSEServerStream?
  private var refusal: Refusal?

  /// - Parameter begin: Begins the session on an open stream, and answers its call; `nil` where it wasn't opened.
  init(
    _ request: OutboundRequest, to receiver: any UpstreamReceiver, over transport: any UpstreamTransport,
    on eventLoop: any EventLoop,
    begin: @escaping (SSEServerStream, SSEServerStream.Opening) -> (any UpstreamCall)?
  ) {
    self.request = request
    self.receiver = receiver
    self.transport = transport
    self.eventLoop = eventLoop
    self.begin = begin
  }

  /// Posts it, and sees.
  func ask() { current = transport.send(request, to: self, on: eventLoop) }

  /// Opens the stream.
  func open() {
    current = nil
    stream = SSEServerStream(for: request, over: transport, on: eventLoop) { [self] opening in
      guard receiver != nil, let stream else { return }
      if let call = begin?(stream, opening) {
        // The stream is the session's from now on: whoever has heard enough of `initialize` doesn't end it.
        self.stream = nil
        current = call
        receiver = nil
        request.wire?.learn(.httpSSE)
      } else {
        notOpened(opening)
      }
    }
  }

  var instance: UpstreamInstance? { current?.instance }

  func setReading(_ reading: Bool) { current?.setReading(reading) }

  func cancel() {
    receiver = nil
    stream?.cancel()
    current?.cancel()
  }

  private func notOpened(_ opening: SSEServerStream.Opening) {
    let receiver = self.receiver
    self.receiver = nil
    // What was learned doesn't hold any more; the next session finds out anew.
    request.wire?.learn(nil)
    if let refusal {
      receiver?.upstreamAnswered(status: refusal.status, headers: refusal.headers)
      receiver?.upstreamSent(ByteBuffer(bytes: refusal.body))
      receiver?.upstreamFinished()
      return
    }
    switch opening {
    case .failed(let failure): receiver?.upstreamFailed(failure)
    // Any other status would send the client looking for another transport here.
    case .otherwise(let status) where status == 401 || status == 403 || status >= 500: answer(status, receiver)
    case .otherwise, .opened: answer(502, receiver)
    }
  }

  private func answer(_ status: Int, _ receiver: (any UpstreamReceiver)?) {
    receiver?.upstreamAnswered(status: status, headers: HeaderFields())
    receiver?.upstreamFinished()
  }

  // MARK: - The answer in Streamable HTTP

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    switch status {
    case 400, 404, 405:
      refusal = Refusal(status: status, headers: headers)
      return
    case 200..<300: request.wire?.learn(.streamableHTTP)
    default: break
    }
    receiver?.upstreamAnswered(status: status, headers: headers)
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    guard refusal != nil else { receiver?.upstreamSent(bytes); return }
    refusal?.body.append(contentsOf: bytes.readableBytesView)
    if let refusal, refusal.body.count > GatewayLimits.bufferedAnswer {
      current?.cancel()
      upstreamFailed(.malformed)
    }
  }

  func upstreamFinished() {
    guard let refusal else {
      let receiver = self.receiver
      self.receiver = nil
      receiver?.upstreamFinished()
      return
    }
    if isModern(refusal.body) { notOpened(.otherwise(status: refusal.status)) } else { open() }
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    let receiver = self.receiver
    self.receiver = nil
    receiver?.upstreamFailed(failure)
  }

  /// A server of the modern era says so by its code; it has no older way.
  private func isModern(_ body: [UInt8]) -> Bool {
    guard case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer) else { return false }
    return response.failure?.code.meansModernEra == true
  }
}
