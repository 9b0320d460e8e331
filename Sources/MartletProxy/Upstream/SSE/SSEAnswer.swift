import MCPProtocol
import NIOCore

/// The answer to one call: JSON where there is nothing but the response, else a stream. Used on the session's event loop
/// only.
final class SSEAnswer {
  private let port: SSECallPort
  private let session: String?
  private var isStream = false
  private var quiet: Scheduled<Void>?
  /// Whether the reader asked for a pause.
  var isPaused = false

  /// - Parameter session: The session that begins with a result; `nil` where none does.
  init(_ port: SSECallPort, session: String?) {
    self.port = port
    self.session = session
  }

  var number: SSECallNumber { port.number }
  var opensSession: Bool { session != nil }

  /// Opens the stream once the answer has been long in coming, so that whoever waits is kept alive.
  func openLater(on eventLoop: any EventLoop) {
    guard !opensSession else { return }
    quiet = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.sseQuiet) { [weak self] in self?.open() }
  }

  /// Opens the stream.
  func open() {
    guard !isStream else { return }
    isStream = true
    var headers = HeaderFields()
    headers.add("content-type", "text/event-stream")
    port.tell(.answered(status: 200, headers))
  }

  /// Sends a message that is not the response.
  func send(_ message: [UInt8]) {
    // `initialize` is answered whole; nothing else belongs to it.
    guard !opensSession else { return }
    open()
    port.tell(.sent(Self.event(message)))
  }

  /// Sends the response, and ends.
  func conclude(_ response: [UInt8], isResult: Bool) {
    settle()
    if isStream {
      port.tell(.sent(Self.event(response)), .finished)
    } else {
      port.tell(status: 200, type: "application/json", session: isResult ? session : nil, body: response)
    }
  }

  /// The server did not take the call.
  func refuse(status: Int, type: String?, body: [UInt8]) {
    settle()
    if isStream { port.tell(.failed(.disconnected)) } else { port.tell(status: status, type: type, body: body) }
  }

  func finish() {
    settle()
    port.tell(.finished)
  }

  func fail(_ failure: UpstreamFailure) {
    settle()
    port.tell(.failed(failure))
  }

  /// Nothing more is sent by itself.
  func settle() { quiet?.cancel() }

  private static func event(_ message: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: SSEEvent(data: message).encoded()) }
}
