import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// The stream of a legacy session as the upstream has it: opened by GET, opened again where it breaks, moved along with
/// its session, and read on for a while when its client is gone. What it says goes into a log. Used on its event loop
/// only.
final class UpstreamStream: OpenStream, UpstreamReceiver, EventProducer {
  /// Why there is no stream.
  enum Refusal: Error {
    /// The upstream has none.
    case none
    /// It can't be had.
    case rejected(Rejection)
    /// The upstream's own refusal.
    case refused(status: Int, HeaderFields, [UInt8])
  }

  private enum Mode {
    case waiting
    case collecting(status: Int, HeaderFields, [UInt8])
    case streaming(SSEParser)
    case reviving
    case done
  }

  private let gateway: Gateway
  private let eventLoop: any EventLoop
  private let point: EventPoint?
  private(set) var principal: Principal
  private var request: AdmittedRequest
  private var mode = Mode.waiting
  private var call: (any UpstreamCall)?
  private var log: EventLog?
  private var opened: ((Result<EventLog, Refusal>) -> Void)?
  private var retries = StreamRetries()
  private var lastEventID: String?
  private var watch = ResponseWatch()
  private var pause: Scheduled<Void>?
  private var linger: Scheduled<Void>?

  /// - Parameter point: Where a stream goes on that this process knows nothing of.
  init(_ gateway: Gateway, _ request: AdmittedRequest, from point: EventPoint?, on eventLoop: any EventLoop) {
    self.gateway = gateway
    self.request = request
    self.point = point
    self.eventLoop = eventLoop
    principal = request.classified.authenticated.principal
    lastEventID = point?.upstreamID
  }

  /// Its client's stream ends when a token does; this one waits for the client with the next.
  var isEndless: Bool { false }

  private var session: MCPSession? { request.session?.session }

  private var isStanding: Bool { point?.stream.kind != .call }

  /// Opens it.
  ///
  /// - Parameter opened: Hears once whether there is one.
  func open(_ opened: @escaping (Result<EventLog, Refusal>) -> Void) {
    self.opened = opened
    if isStanding, let session { gateway.streams.replace(session.digest, by: self, on: eventLoop) }
    gateway.streams.opened(self, on: eventLoop)
    connect()
  }

  private func connect() {
    guard let current = request.under(gateway.settings()), let session else {
      return refuse(.rejected(.unknownRoute))
    }
    request = current
    if isStanding, !request.server.keeps(session.upstreamURL) { return revive(.draining) }
    // A call stays where it began: only there is the rest of it.
    if !isStanding, request.server.instance(session.upstreamURL) == nil { return refuse(.none) }
    mode = .waiting
    do throws(Rejection) {
      var outbound = try gateway.selector.outbound(request)
      outbound.lastEventID = lastEventID
      call = gateway.transport.send(outbound, to: self, on: eventLoop)
    } catch { refuse(.rejected(error)) }
  }

  // MARK: - The upstream

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    guard status == 200, MediaType.isEventStream(headers.first("content-type")) else {
      mode = .collecting(status: status, headers, [])
      return
    }
    mode = .streaming(SSEParser(limits: .upstreamAnswer))
    retries = StreamRetries()
    guard log == nil, let session, let loop = gateway.streams.loop(eventLoop) else { return }
    let log = loop.logs.begin(
      point?.stream.kind ?? .standing, of: session, answering: point?.request, after: point)
    log.producer = self
    if point == nil { log.prime() }
    self.log = log
    opened?(.success(log))
    opened = nil
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    switch mode {
    case .streaming(var parser):
      mode = .waiting
      let events = try? parser.feed(bytes.readableBytesView)
      mode = .streaming(parser)
      guard let events = events.flatMap(shown) else {
        call?.cancel()
        return end(.complete("bad_event_stream"))
      }
      if let id = events.last(where: { $0.id != nil })?.id { lastEventID = id }
      if !isStanding { watch.note(events) }
      log?.append(events)
    case .collecting(let status, let headers, var body):
      mode = .waiting
      body.append(contentsOf: bytes.readableBytesView)
      mode = .collecting(status: status, headers, body)
      if body.count > GatewayLimits.bufferedAnswer { lost("answer_too_large") }
    case .waiting, .reviving, .done: break
    }
  }

  func upstreamFinished() {
    switch mode {
    case .streaming:
      // Closed early once more, with something new to come back by.
      log?.isUnfinished = !isStanding && lastEventID != point?.upstreamID && !watch.hasResponse
      end(.complete(nil))
    case .collecting(let status, let headers, let body): answered(status, headers, body)
    case .waiting: lost("no_answer")
    case .reviving, .done: break
    }
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    if failure == .unreachable, let session, isStanding, request.server.hasOther(than: session.upstreamURL) {
      return revive(.unreachable)
    }
    if case .connectionRequired = failure, opened != nil { return refuse(.rejected(failure.rejection(answering: nil))) }
    lost(failure.code)
  }

  /// The rest of a call's stream may hold a list; which call that was, nobody here knows any more.
  private func shown(_ events: [SSEEvent]) -> [SSEEvent]? {
    guard let filter = ListFilter(anythingFor: request, gateway.sightings) else { return events }
    return try? filter.filtered(events)
  }

  private func answered(_ status: Int, _ headers: HeaderFields, _ body: [UInt8]) {
    switch status {
    case 404 where isStanding && !retries.hasRevived: revive(.lost)
    case 400 where isStanding && !retries.hasRevived: revive(.doubtful)
    // Every other answer to GET sends clients round in circles (X3).
    case 200..<300, 400, 404, 405...406, 501: refuse(.none)
    // Our client's token is fine, whatever the upstream thinks of our request (S3).
    case 401, 403: lost("status_\(status)")
    // The stream that this one replaces has not ended at the upstream yet.
    case 409 where retries.conflicts < GatewayLimits.streamConflicts:
      retries.conflicts += 1
      connect(in: GatewayLimits.streamConflictPause)
    case 402..<500: refuse(.refused(status: status, headers, body))
    default: lost("status_\(status)")
    }
  }

  // MARK: - Again

  private func revive(_ cause: SessionRevivals.Cause) {
    guard let session else { return }
    call?.cancel()
    retries.hasRevived = true
    mode = .reviving
    gateway.revivals.revive(session, for: request, cause, on: eventLoop).assumeIsolated().whenSuccess {
      [self] outcome in
      guard case .reviving = mode else { return }
      switch outcome {
      case .success(let session): move(to: session)
      case .failure(.unknownSession): refuse(.rejected(.unknownSession(id: nil)))
      case .failure(.connectionRequired(let need, _)) where opened != nil:
        refuse(.rejected(.connectionRequired(need, id: nil)))
      case .failure(let rejection): lost(rejection.reason)
      }
    }
  }

  func sessionMoved(to session: MCPSession) {
    guard isStanding, case .streaming = mode, self.session?.upstreamSession != session.upstreamSession else { return }
    call?.cancel()
    move(to: session)
  }

  private func move(to session: MCPSession) {
    if self.session?.upstreamSession != session.upstreamSession { lastEventID = nil }
    request = request.moved(to: session)
    log?.sessionMoved(to: session)
    connect()
  }

  /// Takes the stream along where its instance drains or is no longer configured.
  func review(_ settings: GatewaySettings) {
    guard isStanding, case .streaming = mode, let session, let route = settings.route(principal.route),
      !route.server.keeps(session.upstreamURL)
    else { return }
    call?.cancel()
    connect()
  }

  /// The upstream's end broke. Before there was a stream, the client hears of it; afterwards it is opened again.
  private func lost(_ reason: String) {
    call?.cancel()
    guard log != nil, isStanding else {
      return refuse(.rejected(.upstreamUnavailable(reason: reason, id: nil)))
    }
    guard let delay = retries.next() else { return end(.complete("upstream_unavailable:\(reason)")) }
    connect(in: delay)
  }

  private func connect(in delay: TimeAmount) {
    mode = .waiting
    pause = eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self, case .waiting = mode else { return }
      retries.hasRevived = false
      connect()
    }
  }

  // MARK: - The client

  func setReading(_ reading: Bool) { call?.setReading(reading) }

  func readerCame(_ principal: Principal) {
    linger?.cancel()
    self.principal = principal
  }

  func readerLeft() {
    linger = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.resumption) { [weak self] in
      self?.close(reason: "client_disconnected")
    }
  }

  // MARK: - The end

  func sessionEnded() { close(reason: "session_ended") }

  func close(reason: String) {
    call?.cancel()
    end(.complete(reason))
  }

  private func refuse(_ refusal: Refusal) {
    guard let opened else { return end(.complete("refused_again")) }
    self.opened = nil
    end(.complete(nil))
    opened(.failure(refusal))
  }

  private func end(_ end: EventLog.End) {
    if case .done = mode { return }
    mode = .done
    pause?.cancel()
    linger?.cancel()
    gateway.streams.closed(self, of: session?.digest, on: eventLoop)
    if case .complete(let reason?) = end, let opened {
      self.opened = nil
      opened(.failure(.rejected(.upstreamUnavailable(reason: reason, id: nil))))
    }
    if case .complete = end, !isStanding, !watch.hasResponse, log?.isUnfinished != true {
      log?.append(LostAnswer.events(point?.request))
    }
    log?.finish(end)
  }
}
