import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// Brings an upstream's answer to a message of a client of the same era: JSON as it came, streams event by event, both
/// with back-pressure. A call whose session the upstream lost is sent once more, in a session that was begun anew; one
/// that may have been executed never is. Used on its event loop only.
final class AnswerRelay: ExchangeAnswer, UpstreamReceiver {
  private enum Mode {
    case waiting
    /// JSON of untold length, of which nothing has come: it may be no answer.
    case opening
    /// JSON that goes on as it comes.
    case passing
    case streaming(RelayedStream)
    /// Read whole before anything is sent: whatever isn't success, or has to be understood.
    case collecting(status: Int, HeaderFields, [UInt8])
    case done
  }

  private let exchange: GatewayExchange
  private var request: AdmittedRequest
  private var mode = Mode.waiting
  private var call: (any UpstreamCall)?
  private var clientIsGone = false
  private var hasRevived = false
  private let preference: SessionPreference?
  private let filter: ListFilter?
  private var tasks: TaskAnswers?
  private let origin: String?
  /// Whether what comes may go on as it comes: nothing of it has to be understood.
  private let passesOn: Bool

  /// - Parameters:
  ///   - tasks: Looks after the tasks in the answer, where it may hold some.
  ///   - origin: The URL of the instance that began the task which is asked for.
  init(exchange: GatewayExchange, request: AdmittedRequest, tasks: TaskAnswers?, origin: String?) {
    self.exchange = exchange
    self.request = request
    self.tasks = tasks
    self.origin = origin
    let classified = request.classified
    preference = request.session == nil ? nil : SessionPreference(classified.message)
    filter = ListFilter(request, classified.method, exchange.gateway.sightings)
    passesOn = preference == nil && filter == nil && !classified.isOneWay
  }

  var account: ConnectionKey? { request.account }

  var principal: Principal { request.classified.authenticated.principal }

  var isEndless: Bool { request.classified.method == .subscriptionsListen }

  private var client: any ClientStream { exchange.client }
  private var gateway: Gateway { exchange.gateway }
  private var message: MCPMessage? { request.classified.message }

  /// The legacy session that the upstream holds for it.
  private var session: MCPSession? {
    request.session.flatMap { $0.session.upstreamSession == nil ? nil : $0.session }
  }

  /// A notification or a response of the client: all that it can hear is that it was taken.
  private var isOneWay: Bool { request.classified.isOneWay }

  func start() {
    // Looked at where it lies: a session is large, and every call would copy it.
    if let bound = request.session, bound.session.upstreamSession != nil,
      !request.server.keeps(bound.session.upstreamURL), !isForWhatDrains(bound.session)
    {
      revive(bound.session, .draining)
    } else {
      send()
    }
  }

  /// What needs no answer is about what is under way, and that stays where it is: an answer to the server's question, a
  /// cancellation.
  private func isForWhatDrains(_ session: MCPSession) -> Bool {
    isOneWay && request.server.instance(session.upstreamURL) != nil
  }

  private func send() {
    mode = .waiting
    do throws(Rejection) {
      var outbound = try gateway.selector.outbound(request)
      // A session has its instance.
      if let origin, session == nil, let home = request.server.home(origin) { outbound.prefer(home) }
      call = gateway.transport.send(outbound, to: self, on: exchange.eventLoop)
    } catch { reject(error) }
  }

  // MARK: - The upstream's side

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    tasks?.instance = call?.instance?.url.string
    let type = headers.bytes(of: .contentType)
    let isStream = MediaType.isEventStream(bytes: type)
    switch status {
    case 200..<300 where isOneWay && isStream:
      call?.cancel()
      deliver(GatewayResponse(status: 202))
    case 200 where isStream && !isOneWay:
      let stream = RelayedStream(exchange: exchange, request: request, tasks: tasks) { [weak self] in self?.call }
      mode = .streaming(stream)
      gateway.streams.opened(self, on: exchange.eventLoop)
      stream.open { [weak self] end in self?.streamEnded(end) }
    case 200 where passesOn && MediaType.isJSONAnswer(bytes: type):
      let length = headers.first(.contentLength).flatMap { Int($0) }
      // Nothing is no answer.
      if length == 0 || tasks?.isRead(length) == true { return mode = .collecting(status: status, headers, []) }
      guard length != nil else { return mode = .opening }
      mode = .passing
      exchange.sendJSONHead(length: length)
    default: mode = .collecting(status: status, headers, [])
    }
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    switch mode {
    case .passing: pass(bytes)
    case .opening where bytes.readableBytes > 0:
      mode = .passing
      exchange.sendJSONHead(length: nil)
      pass(bytes)
    case .streaming(let stream): stream.take(bytes)
    case .collecting(let status, let headers, var collected):
      mode = .waiting
      collected.append(contentsOf: bytes.readableBytesView)
      mode = .collecting(status: status, headers, collected)
      if collected.count > (filter == nil && tasks == nil ? GatewayLimits.bufferedAnswer : GatewayLimits.readAnswer) {
        fail("answer_too_large")
      }
    case .waiting, .opening, .done: break
    }
  }

  private func pass(_ bytes: ByteBuffer) {
    let client = client
    if !clientIsGone { client.send(body: bytes) }
    call?.setReading(clientIsGone || client.isWritable)
  }

  func upstreamFinished() {
    switch mode {
    case .passing:
      if end(reason: nil), !clientIsGone { client.finish() }
    case .streaming(let stream): stream.finish()
    case .collecting(let status, let headers, let body): answered(status, headers, body)
    case .opening: fail("empty_answer")
    case .waiting: fail("no_answer")
    case .done: break
    }
  }

  /// What could not be sent can be sent elsewhere.
  func upstreamFailed(_ failure: UpstreamFailure) {
    if failure == .unreachable, let session, !hasRevived, request.server.hasOther(than: session.upstreamURL) {
      return revive(session, .unreachable)
    }
    if failure.isUnheard { reject(failure.rejection(answering: request.classified.id)) } else { fail(failure.code) }
  }

  // MARK: - Whole answers

  private func answered(_ status: Int, _ headers: HeaderFields, _ body: [UInt8]) {
    lazy var answersUs = isAnswer(body)
    switch status {
    case 200..<300 where isOneWay: deliver(GatewayResponse(status: 202))
    case 200..<300 where body.isEmpty: fail("empty_answer")
    case 200 where filter != nil && MediaType.isJSONAnswer(headers.first("content-type")): deliver(.json(200, body))
    case 200..<300 where tasks != nil: begun(GatewayResponse.json(status, body))
    case 200..<300 where preference != nil: noted(GatewayResponse.json(status, body), body)
    // Our client's token is fine, whatever the upstream thinks of our call (S3).
    case 401, 403: reject(unavailable("status_\(status)"))
    case 400
    where request.classified.classification.era == .legacy && ModernRefusal.isMeant(status: status, body: body):
      eraLost(UpstreamRefusal(status, headers, body, answering: request.classified.id))
    // It answered, so the session is there; 404 itself would tell the client otherwise (X10).
    case 404 where session != nil && answersUs: deliver(.json(200, body))
    case 404 where session != nil && hasRevived: reject(unavailable("session_not_kept"))
    case 404 where session != nil: session.map { revive($0, .lost) }
    case 400 where session != nil && !answersUs && !hasRevived:
      session.map {
        revive($0, .doubtful, refusal: UpstreamRefusal(status, headers, body, answering: request.classified.id))
      }
    case 400..<500:
      let (id, isModern) = (request.classified.id, request.classified.classification.era == .modern)
      if isModern, ModernRefusal.isDoubtful(status: status, body: body, answering: id) { request.route.forgetEras() }
      deliver(UpstreamRefusal(status, headers, body, answering: id).response)
    // What the call came to is said, whatever the status says (JSON-RPC has no say in that).
    case 500..<600 where answersUs: deliver(.json(200, body))
    default: fail("status_\(status)")
    }
  }

  /// Whether a refusal's body is the answer to this very request, rather than a word about its session, which some
  /// servers, another Martlet among them, say under the request's id.
  private func isAnswer(_ body: [UInt8]) -> Bool {
    guard let id = message?.request?.id,
      case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer)
    else {
      return false
    }
    return response.id == id && response.failure?.code != .sessionNotFound
  }

  /// The server took nothing, in words of the other era: no session begins there any more, so that its client initializes
  /// again, and is bridged. Without a session the next request is.
  private func eraLost(_ refusal: UpstreamRefusal) {
    if let session, !hasRevived { return revive(session, .lost) }
    request.route.forgetEras()
    deliver(refusal.response)
  }

  /// Kept for a session that may have to be begun anew, before the client hears that it was taken.
  private func noted(_ response: GatewayResponse, _ body: [UInt8]) {
    guard let preference, let session,
      case .response(let answer)? = try? MCPMessage.parse(body, limits: .upstreamAnswer), answer.result != nil
    else { return deliver(response) }
    mode = .waiting
    gateway.sessions.note(preference, in: session, on: exchange.eventLoop).assumeIsolated().whenComplete { [self] _ in
      deliver(response)
    }
  }

  /// A task is its principal's before anybody can ask for it.
  private func begun(_ response: GatewayResponse) {
    guard let tasks, let task = tasks.begun(in: response.body) else { return deliver(response) }
    mode = .waiting
    tasks.note(task, on: exchange.eventLoop).assumeIsolated().whenComplete { [self] _ in deliver(response) }
  }

  // MARK: - The session, begun anew

  /// - Parameter refusal: What the client hears where the session turns out to be there.
  private func revive(_ lost: MCPSession, _ cause: SessionRevivals.Cause, refusal: UpstreamRefusal? = nil) {
    hasRevived = true
    mode = .waiting
    let revival = gateway.revivals.revive(lost, for: request, cause, on: exchange.eventLoop)
    revival.assumeIsolated().whenSuccess { [self] outcome in
      guard case .waiting = mode else { return }
      switch outcome {
      case .failure(let rejection): reject(rejection.answering(request.classified.id))
      case .success(let session):
        let isSame = session.upstreamSession == lost.upstreamSession
        if let refusal, isSame { return deliver(refusal.response) }
        // What it says was for the session that is gone: its ids mean nothing, or something else, in the new one.
        if isOneWay, !isSame { return deliver(GatewayResponse(status: 202)) }
        if exchange.isShutOut { return close(reason: Authenticator.revoked) }
        request = request.moved(to: session)
        send()
      }
    }
  }

  // MARK: - The client's side

  func clientWritabilityChanged() {
    if case .streaming(let stream) = mode { stream.clientWritabilityChanged() } else { regulate() }
  }

  /// In the modern era going away ends the call; a legacy call goes on (§4.2).
  func clientDisconnected() {
    clientIsGone = true
    if request.classified.classification.era == .modern {
      call?.cancel()
      end(reason: "client_disconnected")
    } else if case .streaming(let stream) = mode {
      stream.clientDisconnected()
    } else {
      regulate()
    }
  }

  private func regulate() { call?.setReading(clientIsGone || client.isWritable) }

  // MARK: - The end

  func close(reason: String) {
    call?.cancel()
    if case .streaming(let stream) = mode { stream.close(reason: reason) } else { fail(reason) }
  }

  private func streamEnded(_ end: EventLog.End) {
    if case .streaming(let stream) = mode, stream.isDetached { clientIsGone = true }
    switch end {
    case .complete(let reason):
      if self.end(reason: reason), !clientIsGone { client.finish() }
    case .cut(let reason):
      call?.cancel()
      if self.end(reason: reason), !clientIsGone { client.abort() }
    }
  }

  /// There is no usable answer. A tool may have done its work all the same.
  private func fail(_ reason: String) {
    switch mode {
    case .done: return
    // The head is out: the client must not take half an answer for a whole one.
    case .passing: streamEnded(.cut("upstream_unavailable:\(reason)"))
    case .streaming(let stream): stream.fail(reason)
    case .waiting, .opening, .collecting:
      call?.cancel()
      reject(request.classified.answerLost(reason))
    }
  }

  private func unavailable(_ reason: String) -> Rejection {
    .upstreamUnavailable(reason: reason, id: request.classified.id)
  }

  private func deliver(_ response: GatewayResponse) {
    if case .done = mode { return }
    var response = response
    if let filter, !response.body.isEmpty {
      do throws(ListFilter.Unreadable) { response.body = try filter.filtered(response.body) ?? response.body } catch {
        return fail("bad_list")
      }
    }
    if let shown = tasks?.shown(response.body) { response.body = shown }
    settle()
    exchange.deliver(response)
  }

  private func reject(_ rejection: Rejection) {
    if case .done = mode { return }
    settle()
    exchange.reject(rejection)
  }

  @discardableResult
  private func end(reason: String?) -> Bool {
    if case .done = mode { return false }
    if case .streaming(let stream) = mode { stream.stop() }
    settle()
    exchange.answerEnded(reason: reason)
    return true
  }

  private func settle() {
    if case .streaming = mode { gateway.streams.closed(self, of: nil, on: exchange.eventLoop) }
    mode = .done
  }
}
