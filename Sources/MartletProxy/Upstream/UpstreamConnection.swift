import NIOCore
import StrictCoding

/// One HTTP/1.1 connection to an upstream: one request at a time, no pipelining (V-082). Which codec reads it makes no
/// difference.
final class UpstreamConnection {
  private enum State {
    case idle
    case waitingForHead
    case readingBody(isReusable: Bool)
    case closed
  }

  /// Where it waits between two requests.
  var lane: UpstreamPool.Lane
  private var state = State.idle
  private var receiver: (any UpstreamReceiver)?
  private var wire: (any UpstreamWire)?
  private var alarm: Alarm?
  private var isStream = false
  private var isReading = true

  init(lane: UpstreamPool.Lane) { self.lane = lane }

  /// Whether it can take another request.
  var isUsable: Bool {
    if case .idle = state { wire?.isActive ?? false } else { false }
  }

  /// Whether nothing has come while it was unused, not even its end, which the event loop may not have seen yet.
  var isQuiet: Bool { wire?.isQuiet ?? false }

  func close() { wire?.close() }

  func setReading(_ reading: Bool) {
    guard reading != isReading else { return }
    isReading = reading
    wire?.setReading(reading)
  }

  /// Sends a request; the answer goes to the receiver.
  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver) {
    guard case .idle = state, let wire, wire.isActive else { return receiver.upstreamFailed(.unreachable) }
    self.receiver = receiver
    state = .waitingForHead
    guard wire.send(request) else { return fail(.malformed) }
    alarm?.set(in: GatewayLimits.firstByte)
  }

  /// Forgets the receiver and closes: how a request is cancelled.
  func abandon() {
    receiver = nil
    close()
  }

  // MARK: - What the codec read

  func attached(to wire: any UpstreamWire, on eventLoop: any EventLoop) {
    self.wire = wire
    // Nobody else holds the alarm, so it can't outlive the connection.
    alarm = Alarm(eventLoop: eventLoop) { [unowned self] in fail(.timeout) }
  }

  func detached() {
    wire = nil
    alarm?.cancel()
  }

  /// - Parameter isReusable: Whether the connection may carry another request once the answer is complete.
  func readHead(status: Int, headers: HeaderFields, isReusable: Bool) {
    guard case .waitingForHead = state else { return fail(.malformed) }
    // A refusal says enough by its status.
    if status == 200, headers.isEncoded { return fail(.encoded) }
    isStream = MediaType.isEventStream(bytes: headers.bytes(of: .contentType))
    state = .readingBody(isReusable: isReusable)
    if isStream { wire?.streamBegan() }
    receiver?.upstreamAnswered(status: status, headers: headers)
  }

  func readBody(_ bytes: ByteBuffer) {
    guard case .readingBody = state else { return fail(.malformed) }
    receiver?.upstreamSent(bytes)
  }

  /// All that had come was read: the rest of an answer has to follow. A stream may be silent for as long as it likes.
  func awaitRest() {
    guard case .readingBody = state else { return }
    if isStream { alarm?.stop() } else { alarm?.set(in: GatewayLimits.answerStall) }
  }

  /// - Parameter isClean: Whether nothing came behind the answer. What comes unasked would be taken for the answer to
  ///   the next request.
  func readEnd(isClean: Bool) {
    guard case .readingBody(let isReusable) = state else { return fail(.malformed) }
    alarm?.stop()
    let receiver = receiver.take()
    if isReusable, isClean {
      state = .idle
      setReading(true)
    } else {
      state = .closed
      close()
    }
    receiver?.upstreamFinished()
  }

  /// - Parameter sentNothing: Whether nothing of a request can have left: the connection never was ready.
  func disconnected(sentNothing: Bool = false) {
    alarm?.cancel()
    fail(sentNothing ? .unreachable : .disconnected)
  }

  func unreadable() { fail(.malformed) }

  private func fail(_ failure: UpstreamFailure) {
    alarm?.stop()
    if case .closed = state { return }
    state = .closed
    let receiver = receiver.take()
    close()
    receiver?.upstreamFailed(failure)
  }
}
