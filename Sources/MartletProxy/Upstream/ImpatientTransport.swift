import MCPProtocol
import NIOCore

/// Carries what begins something, and does no harm where it is begun twice: `initialize`, and the question for an era. An
/// instance that doesn't begin to answer soon isn't waited for alone where there is another; whichever answers first has
/// it, and what the others begin is ended.
struct ImpatientTransport: UpstreamTransport {
  private let base: any UpstreamTransport

  init(over base: any UpstreamTransport) { self.base = base }

  func send(_ request: consuming OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    let beginning = Beginning(request, to: receiver, over: base, on: eventLoop)
    beginning.begin()
    return beginning
  }
}

/// One request at one instance after the other, and at several at once where they are slow. Used on its event loop only.
private final class Beginning: UpstreamCall {
  /// Where it was not begun yet, and the instance where it was begun last.
  private var outbound: OutboundRequest
  private var receiver: (any UpstreamReceiver)?
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private var attempts: [BeginningAttempt] = []
  private var first: BeginningAttempt?
  private var patience: Scheduled<Void>?
  private var isReading = true

  init(
    _ outbound: OutboundRequest, to receiver: any UpstreamReceiver, over transport: any UpstreamTransport,
    on eventLoop: any EventLoop
  ) {
    self.outbound = outbound
    self.receiver = receiver
    self.transport = transport
    self.eventLoop = eventLoop
  }

  /// The instance that answers.
  var instance: UpstreamInstance? { first?.request.instance }

  func begin() {
    let attempt = BeginningAttempt(outbound.bound, of: self, over: transport, on: eventLoop)
    attempts.append(attempt)
    wait()
    attempt.start()
  }

  func setReading(_ reading: Bool) {
    isReading = reading
    first?.setReading(reading)
  }

  /// What is slow may have begun something all the same.
  func cancel() {
    receiver = nil
    let last = first ?? attempts.last
    last?.cancel()
    over(but: last)
  }

  private func wait() {
    patience?.cancel()
    guard !outbound.alternatives.isEmpty else { return }
    patience = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.beginning) { [self] in losePatience() }
  }

  private func losePatience() {
    guard receiver != nil, first == nil else { return }
    // It waits for a credential, which another instance would need too.
    guard attempts.last?.isUnderWay ?? true else { return wait() }
    blame()
    if outbound.takeAlternative() { begin() }
  }

  private func blame() {
    // One that failed has been blamed already.
    guard let instance = outbound.instance, instance === attempts.last?.request.instance,
      let pause = instance.failed(.failing)
    else { return }
    InstanceProbe.schedule(instance, in: pause, permit: outbound.permit, over: transport, on: eventLoop)
  }

  /// Nobody waits for the others any more.
  private func over(but attempt: BeginningAttempt?) {
    patience?.cancel()
    for other in attempts where other !== attempt { other.leave() }
    attempts = []
  }

  // MARK: - The attempts' side

  func answered(_ attempt: BeginningAttempt, status: Int, headers: HeaderFields) {
    if first == nil {
      // Another may still do it.
      if UpstreamFailure.isFailing(status), attempts.count > 1 {
        attempts.removeAll { $0 === attempt }
        return attempt.cancel()
      }
      first = attempt
      over(but: attempt)
      if !isReading { attempt.setReading(false) }
    }
    receiver?.upstreamAnswered(status: status, headers: headers)
  }

  func sent(_ bytes: ByteBuffer) { receiver?.upstreamSent(bytes) }

  func finished() { receiver.take()?.upstreamFinished() }

  func failed(_ attempt: BeginningAttempt, _ failure: UpstreamFailure) {
    attempts.removeAll { $0 === attempt }
    if first == nil, receiver != nil {
      if failure == .unreachable, outbound.takeAlternative() { return begin() }
      guard attempts.isEmpty else { return }
    }
    patience?.cancel()
    receiver.take()?.upstreamFailed(failure)
  }
}

/// The request at one instance. Whoever nobody waits for any more is heard out, so that no session is left behind.
private final class BeginningAttempt: UpstreamReceiver {
  let request: OutboundRequest
  private var beginning: Beginning?
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private var call: (any UpstreamCall)?
  private var limit: Scheduled<Void>?

  init(
    _ request: OutboundRequest, of beginning: Beginning, over transport: any UpstreamTransport,
    on eventLoop: any EventLoop
  ) {
    self.request = request
    self.beginning = beginning
    self.transport = transport
    self.eventLoop = eventLoop
  }

  /// Whether the instance has it, or is about to.
  var isUnderWay: Bool { call?.instance != nil }

  func start() { call = transport.send(request, to: self, on: eventLoop) }

  func setReading(_ reading: Bool) { call?.setReading(reading) }

  func cancel() {
    beginning = nil
    limit?.cancel()
    call.take()?.cancel()
  }

  /// It came too late.
  func leave() {
    beginning = nil
    limit = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.lateBeginning) { [self] in cancel() }
  }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    if let beginning { return beginning.answered(self, status: status, headers: headers) }
    cancel()
    guard (200..<300).contains(status), let session = headers.first("mcp-session-id") else { return }
    var farewell = request.another(.delete, to: request.url)
    farewell.upstreamSession = session
    farewell.revision = .latestLegacy
    _ = UpstreamDialogue(farewell, over: transport, on: eventLoop) { _ in }
  }

  func upstreamSent(_ bytes: ByteBuffer) { beginning?.sent(bytes) }

  func upstreamFinished() {
    limit?.cancel()
    call = nil
    beginning.take()?.finished()
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    limit?.cancel()
    call = nil
    beginning.take()?.failed(self, failure)
  }
}
