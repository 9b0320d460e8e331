import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// A request of a legacy client that a modern server answers, however often it asks back before. Used on its event loop
/// only.
///
/// The client's disconnect doesn't end it (MCP 2025-11-25, Streamable HTTP); `notifications/cancelled` does.
final class BridgedCall: LegacyAnswer, EventProducer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let message: MCPRequest
  private let upstream: ModernUpstream
  private let messages: ClientMessages
  private var questions: OpenQuestions?
  private var dialogue: UpstreamDialogue?
  private var timer: Scheduled<Void>?
  private var parameters: [MirroredHeaders.Parameter] = []
  private var attempts = 0
  private var rounds = 0
  private var pause = LegacyBridgeLimits.firstPause
  private var hasRefreshed = false
  private var hasWaited = false
  private var clientIsGone = false
  private var isOver = false
  /// Elicitations by URL that the client is told of when the call is through.
  private var elicitations: [String] = []
  private let deadline = NIODeadline.now() + LegacyBridgeLimits.answerTime

  init(exchange: GatewayExchange, request: AdmittedRequest, message: MCPRequest) {
    self.exchange = exchange
    self.request = request
    self.message = message
    upstream = ModernUpstream(exchange: exchange, request: request, client: request.legacyClient)
    messages = ClientMessages(exchange: exchange, id: message.id)
  }

  var principal: Principal { request.principal }

  let isEndless = false

  private var gateway: Gateway { exchange.gateway }
  private var eventLoop: any EventLoop { exchange.client.eventLoop }
  private var session: ArtefactDigest? { request.session?.session.digest }

  func start() {
    defer { hasWaited = true }
    if let session = request.session?.session { messages.keep(in: session, for: principal, from: self) }
    if let session { gateway.legacyBridge.desk.began(Seat(self, on: eventLoop), message.id, in: session) }
    messages.expectSilence { [weak self] in
      if let self { gateway.streams.opened(self, on: eventLoop) }
    }
    // Without arguments there is nothing to mirror, whatever the definition says.
    guard message.method == .toolsCall, message.arguments?.isEmpty == false else { return send(nil) }
    mirror(isFresh: false) { [self] in send(nil) }
  }

  private func mirror(isFresh: Bool, _ then: @escaping () -> Void) {
    upstream.mirrors(isFresh: isFresh) { [self] mirrors in
      if isOver { return }
      parameters = mirrors.fields(for: message)
      then()
    }
  }

  // MARK: - To the server

  private var lastAnswers: InputAnswers?

  private func send(_ answers: InputAnswers?) {
    if hasWaited, exchange.isShutOut { return close(reason: Authenticator.revoked) }
    attempts += 1
    lastAnswers = answers
    do throws(MCPMessageError) {
      let modern = try upstream.translation.modern(
        message, id: upstream.id(String(attempts)), answers: answers, parameters: parameters)
      let attempt = attempts
      do throws(Rejection) {
        let dialogue = try upstream.send(modern) { [self] turn in if attempt == attempts { hear(turn) } }
        if attempt == attempts, !isOver { self.dialogue = dialogue }
      } catch { reject(error) }
    } catch { conclude(error) }
  }

  // MARK: - From the server

  private func hear(_ turn: UpstreamDialogue.Turn) {
    if isOver { return }
    switch turn {
    case .accepted, .message(.request): break
    case .message(.notification(let notification)): relay(notification)
    case .message(.response(let response)):
      // A stream may stay open after the response.
      dialogue?.cancel()
      dialogue = nil
      answered(response)
    case .ended: reject(request.classified.answerLost("no_response"))
    case .refused(let status, _, let body): refused(status, body)
    case .failed(let failure):
      reject(
        failure.isUnheard ? failure.rejection(answering: message.id) : request.classified.answerLost(failure.code))
    }
  }

  private func relay(_ notification: MCPNotification) {
    guard isHeard, let legacy = NotificationTranslation.legacy(notification) else { return }
    say(.notification(legacy))
    regulate()
  }

  private func refused(_ status: Int, _ body: [UInt8]) {
    dialogue = nil
    let id = upstream.id(String(attempts))
    if ModernRefusal.isDoubtful(status: status, body: body, answering: id) { upstream.forgetEra() }
    guard let failure = ModernRefusal.failure(status: status, body: body, answering: id) else {
      let reason = "status_\(status)"
      return reject(
        (400..<500).contains(status) ? upstream.unavailable(reason) : request.classified.answerLost(reason))
    }
    switch failure.code {
    case .headerMismatch where message.method == .toolsCall && !hasRefreshed: refresh(failure)
    case .unsupportedVersion: eraLost(failure)
    default: conclude(failure)
    }
  }

  /// The tool's definition may have changed since it was read. The server refused before it did anything, so that the
  /// call may be sent again; but only where there is something else to send.
  private func refresh(_ failure: MCPResponse.Failure) {
    hasRefreshed = true
    let before = parameters
    mirror(isFresh: true) { [self] in
      if parameters == before { conclude(failure) } else { send(lastAnswers) }
    }
  }

  /// The client initializes again, and finds whatever the server speaks now.
  private func eraLost(_ failure: MCPResponse.Failure) {
    upstream.forgetEra()
    guard let session = request.session?.session else { return conclude(failure) }
    gateway.sessions.end(session, on: eventLoop)
    reject(.unknownSession(id: message.id))
  }

  private func answered(_ response: MCPResponse) {
    switch response.outcome {
    case .error(let failure): conclude(failure)
    case .result(let result) where InputRequired.isOne(result): ask(result)
    case .result(let result):
      if let type = result["resultType"]?.stringValue, !type.equalsBytewise("complete") {
        return conclude(
          .init(
            code: .internalError,
            message: "The server answered with a result of type \(PlainText.sanitized(type, limit: 40)), which "
              + "\(upstream.client.revision.rawValue) doesn't have."))
      }
      conclude(result)
    }
  }

  // MARK: - Questions to the client

  private func ask(_ result: JSONValue) {
    guard InputRequired.isAllowed(for: message.method), let required = InputRequired(result) else {
      return reject(upstream.unavailable("bad_input_required"))
    }
    guard !required.questions.isEmpty else { return sendLater(required.state) }
    rounds += 1
    pause = LegacyBridgeLimits.firstPause
    guard rounds <= LegacyBridgeLimits.rounds else {
      return conclude(.init(code: .internalError, message: "The server asked for input too often."))
    }
    // Nobody is there to be asked.
    guard isHeard else { return settle() }
    do throws(MCPMessageError) {
      let open = try OpenQuestions(
        required, client: upstream.client, session: session, desk: gateway.legacyBridge.desk,
        seat: Seat(self, on: eventLoop), mint: gateway.legacyBridge.questionID)
      questions = open
      for request in open.requests { say(.request(request)) }
      schedule(in: LegacyBridgeLimits.answerTime) { [self] in unanswered() }
    } catch { conclude(error) }
  }

  /// The server wants nothing but to be called again: it is busy, or waits for something itself.
  private func sendLater(_ state: JSONValue?) {
    guard .now() < deadline else {
      return conclude(.init(code: .internalError, message: "The server did not come to an end."))
    }
    schedule(in: pause) { [self] in send(InputAnswers(responses: nil, state: state)) }
    pause = min(pause * 2, LegacyBridgeLimits.longestPause)
  }

  /// The client answered one of the questions.
  func clientAnswered(_ response: MCPResponse) {
    guard !isOver, var open = questions else { return }
    let key = open.take(response)
    questions = open
    guard let key else { return }
    if let failure = response.failure {
      return conclude(
        .init(
          code: failure.code,
          message: "The client refused \(key.method): \(PlainText.sanitized(failure.message, limit: 500))"))
    }
    if let elicitation = key.elicitation { elicitations.append(elicitation) }
    guard open.isComplete else { return }
    questions = nil
    timer?.cancel()
    send(open.answers)
  }

  private func unanswered() {
    let names = questions?.openMethods.joined(separator: ", ") ?? ""
    conclude(.init(code: .internalError, message: "The client did not answer \(names) in time."))
  }

  private func schedule(in time: TimeAmount, _ body: @escaping () -> Void) {
    timer?.cancel()
    timer = eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
      if let self, !isOver { body() }
    }
  }

  // MARK: - To the client

  private func say(_ message: MCPMessage) {
    // A stream may wait for minutes: it ends when the right to it does.
    gateway.streams.opened(self, on: eventLoop)
    messages.send(message)
    if messages.isDone, !clientIsGone { clientDisconnected() }
  }

  private func conclude(_ result: JSONValue) {
    for elicitation in elicitations where isHeard {
      say(.notification(.init(method: .elicitationComplete, params: ["elicitationId": .string(elicitation)])))
    }
    let shown = ListFilter(request, message.method, gateway.sightings)?.filtered(result) ?? result
    finish(.result(ResultTranslation(revision: upstream.client.revision).legacy(shown, of: message.method)))
  }

  private func conclude(_ failure: MCPResponse.Failure) {
    finish(.error(ErrorTranslation().legacy(failure, of: message)))
  }

  private func conclude(_ error: MCPMessageError) {
    finish(.error(.init(code: error.code, message: error.message)))
  }

  private func finish(_ outcome: MCPResponse.Outcome) {
    if isOver { return }
    settle()
    messages.conclude(MCPResponse(id: message.id, outcome: outcome))
  }

  private func reject(_ rejection: Rejection) {
    if isOver { return }
    settle()
    messages.reject(rejection)
  }

  /// A stream that is kept regulates by its log.
  private func regulate() {
    if !messages.isKept { dialogue?.setReading(clientIsGone || exchange.client.isWritable) }
  }

  // MARK: - The client's side

  /// Whether the client hears what is said, now or when it comes back.
  private var isHeard: Bool { !clientIsGone || messages.isKept }

  func clientWritabilityChanged() {
    messages.clientWritabilityChanged()
    regulate()
  }

  func setReading(_ reading: Bool) { dialogue?.setReading(reading) }

  func readerLeft() {}

  func readerCame(_ principal: Principal) {}

  func sessionEnded() { close(reason: "session_ended") }

  func clientDisconnected() {
    clientIsGone = true
    messages.forget(reason: "client_disconnected")
    regulate()
  }

  /// The client doesn't want it any more; by the protocol, nothing answers it.
  func cancelledByClient() {
    if isOver { return }
    settle()
    messages.openStream()
    messages.finish(reason: "cancelled_by_client")
  }

  func close(reason: String) {
    if isOver { return }
    settle()
    messages.reject(request.classified.answerLost(reason))
  }

  // MARK: - The end

  /// Everything that others hold of it is let go; the server's work on it ends.
  private func settle() {
    isOver = true
    dialogue?.cancel()
    dialogue = nil
    timer?.cancel()
    for id in questions?.withdraw() ?? [] where isHeard {
      messages.send(.notification(.init(method: .cancelled, params: ["requestId": id.json])))
    }
    questions = nil
    gateway.streams.closed(self, of: nil, on: eventLoop)
    if let session { gateway.legacyBridge.desk.ended(self, message.id, in: session) }
  }
}
