import MCPProtocol
import NIOCore
import StrictCoding

/// One request at a legacy server, from sending it to its response, with however many rounds of input between. Used on its
/// event loop only.
final class LegacyServerCall {
  /// What the client's side hears.
  enum Event: Sendable {
    /// Something that comes before the response.
    case told(MCPNotification)
    /// The server waits for input. Nothing more is heard until somebody goes on with the call.
    case asked([AskedInput])
    /// The response.
    case answered(ModernAnswer)
    /// The session is not known any more, and the request was not taken.
    case sessionLost
    /// The server took nothing of it, for want of a credential.
    case unheard(UpstreamFailure)
    /// There is no usable answer, and the server did nothing.
    case failed(reason: String)
    /// The server may have done what was asked, but its answer is lost.
    case lost(reason: String)
  }
  typealias Listener = @Sendable (Event) -> Void

  let lease: BridgeLease
  private let eventLoop: any EventLoop
  private let request: MCPRequest
  private let logLevel: LogLevel?
  private var contact: LegacyContact
  private let mayBeAsked: Bool
  private let wantsProgress: Bool
  private var conversation: LegacyConversation
  private var listener: Listener?
  private var dialogue: UpstreamDialogue?
  private var end: Event?
  private var isSent = false
  private var isTaken = false
  private var isAsking = false
  private var resumptions = 0

  /// - Parameters:
  ///   - contact: How the upstream is reached on behalf of whoever makes this round's request.
  ///   - listener: Hears every event, on this event loop.
  init(
    _ round: LegacyConversation.Round, in lease: BridgeLease, contact: LegacyContact, on eventLoop: any EventLoop,
    listener: @escaping Listener
  ) {
    let id = lease.session.nextID()
    self.lease = lease
    self.contact = contact
    self.eventLoop = eventLoop
    self.listener = listener
    logLevel = round.logLevel
    mayBeAsked = LegacyRequest.takesInput(round.request.method) && !round.features.declared.isEmpty
    wantsProgress = round.request.progressToken != nil
    request = LegacyRequest.translate(round.request, id: id)
    conversation = LegacyConversation(id: id, server: lease.session.server, round: round)
  }

  private var upstream: UpstreamSession { lease.session.upstream }

  /// Sends the request, once the server can be heard outside of calls too where it may say something there: what it asks
  /// for, and how the call gets on, which servers of Python's SDK 1.12 tell there.
  func start() {
    guard mayBeAsked || wantsProgress, upstream.id != nil else { return begin() }
    let bound = OnLoop(self, eventLoop: eventLoop)
    let token = wantsProgress ? request.id : nil
    lease.session.feed { feed in
      if let token { feed.follow(token) { notification in bound { $0.hear(.message(.notification(notification))) } } }
      feed.hold { bound { $0.begin() } }
    }
  }

  /// The log level first, where the server has to be told one.
  private func begin() {
    guard end == nil else { return }
    guard let logLevel, lease.session.mustSet(logLevel) else { return send() }
    let setLevel = MCPRequest(
      id: lease.session.nextID(), method: .loggingSetLevel, params: ["level": .string(logLevel.rawValue)])
    // Whatever it answers: a call without log messages is better than none.
    contact.ask(setLevel, in: upstream, on: eventLoop) { [self] _ in send() }
  }

  private func send() {
    guard end == nil else { return }
    guard var outbound = try? contact.outbound(.post, in: upstream, .request(request)) else {
      return finish(.failed(reason: "not_ready"))
    }
    outbound.isRepeatable = request.method.isRepeatable
    isSent = true
    dialogue = contact.send(outbound, on: eventLoop) { [self] turn in hear(turn) }
  }

  /// Stops or goes on reading, so that a slow client slows the upstream down.
  func setReading(_ reading: Bool) { dialogue?.setReading(reading) }

  /// Ends the call at the upstream too; nobody hears anything more.
  func cancel(reason: String) {
    guard end == nil else { return }
    listener = nil
    let wasSent = isSent
    finish(.failed(reason: reason))
    guard wasSent else { return }
    let cancelled = MCPNotification(
      method: .cancelled, params: ["requestId": request.id.json, "reason": .string(reason)])
    contact.tell(.notification(cancelled), in: upstream, on: eventLoop)
  }

  // MARK: - The upstream's side

  private func hear(_ turn: UpstreamDialogue.Turn) {
    guard end == nil else { return }
    switch turn {
    case .accepted: isTaken = true
    case .message(let message):
      resumptions = 0
      act(on: conversation.hear(message))
    case .ended: pickUp(orLose: "no_answer")
    case .refused(let status, _, let body): refused(status, body)
    // No connection was made: another instance may do.
    case .failed(.unreachable) where !isTaken: finish(.sessionLost)
    case .failed(let failure) where failure.isUnheard && !isTaken: finish(.unheard(failure))
    case .failed(let failure): pickUp(orLose: failure.code)
    }
  }

  private func act(on action: LegacyConversation.Action) {
    switch action {
    case .nothing: break
    case .tell(let notification): listener?(.told(notification))
    case .feed(let notification): lease.session.feed { $0.deliver(notification) }
    case .reply(let response): contact.tell(.response(response), in: upstream, on: eventLoop)
    case .ask: askSoon()
    case .conclude(let answer): finish(.answered(answer))
    }
  }

  private func refused(_ status: Int, _ body: [UInt8]) {
    // The rest of the stream is refused, not the request: that was taken, and is not sent again.
    if isTaken { return finish(.lost(reason: "status_\(status)")) }
    if SessionLoss.isMeant(status, body), upstream.id != nil { return finish(.sessionLost) }
    // It has learned the other era meanwhile: no legacy session can be had of it, which is found out by trying.
    if ModernRefusal.isMeant(status: status, body: body) { return finish(.sessionLost) }
    // Our client's token is fine, whatever the upstream thinks of our call (S3).
    if status != 401, status != 403,
      case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer),
      status < 500 || response.id != .null, case .conclude(let answer) = conversation.hear(.response(response))
    {
      return finish(.answered(answer))
    }
    let reason = "status_\(status)"
    finish((400..<500).contains(status) ? .failed(reason: reason) : .lost(reason: reason))
  }

  /// A server may close a stream early and expect its client to ask for the rest (2025-11-25, Transports, Resumability).
  private func pickUp(orLose reason: String) {
    guard let last = dialogue?.lastEventID, resumptions < BridgeLimits.resumptions,
      var outbound = try? contact.outbound(.get, in: upstream)
    else { return finish(.lost(reason: reason)) }
    resumptions += 1
    outbound.lastEventID = last
    let resumed = outbound
    _ = eventLoop.assumeIsolated().scheduleTask(in: dialogue?.retry ?? .seconds(1)) { [self] in
      guard end == nil else { return }
      dialogue = contact.send(resumed, on: eventLoop, resuming: last) { [self] turn in hear(turn) }
    }
  }

  // MARK: - Input

  /// What is asked in one breath is asked of the client at once.
  private func askSoon() {
    if isAsking { return }
    isAsking = true
    eventLoop.assumeIsolated().execute { [self] in
      isAsking = false
      guard end == nil, !conversation.asked.isEmpty, let listener else { return }
      self.listener = nil
      listener(.asked(conversation.asked))
    }
  }

  /// The client came back with input.
  ///
  /// - Parameters:
  ///   - round: Its request.
  ///   - answers: Its answers, by key.
  ///   - contact: As for ``init(_:in:contact:on:listener:)``.
  ///   - listener: Hears what follows.
  func proceed(
    _ round: LegacyConversation.Round, answers: JSONObject, contact: LegacyContact, listener: @escaping Listener
  ) {
    if let end { return listener(end) }
    self.contact = contact
    self.listener = listener
    for reply in conversation.proceed(round, answers: answers) {
      contact.tell(.response(reply), in: upstream, on: eventLoop) { [self] result in
        if case .success(nil) = result { return }
        // The server would wait for ever.
        finish(.lost(reason: "input_not_taken"))
      }
    }
    if !conversation.asked.isEmpty { askSoon() }
  }

  private func finish(_ event: Event) {
    guard end == nil else { return }
    end = event
    dialogue?.cancel()
    dialogue = nil
    if wantsProgress { lease.session.feed { [id = request.id] feed in feed.unfollow(id) } }
    let listener = self.listener
    self.listener = nil
    listener?(event)
  }
}

/// Tells whether a refusal means that the upstream doesn't know the session any more.
enum SessionLoss {
  /// 404 by the transport (2025-11-25, Session Management); some servers say 400 and name the session.
  static func isMeant(_ status: Int, _ body: [UInt8]) -> Bool {
    if status == 404 { return true }
    guard status == 400, case .response(let response)? = try? MCPMessage.parse(body, limits: .upstreamAnswer),
      let failure = response.failure
    else { return false }
    let words = Array(failure.message.utf8).map { $0 | 0x20 }
    let session = Array("session".utf8)
    return words.indices.contains { words[$0...].starts(with: session) }
  }
}
