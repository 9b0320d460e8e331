import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// The GET stream of a legacy session, fed by a modern server's subscription. Used on its event loop only.
///
/// The server may end the subscription, and the client may watch other resources: a new subscription follows, and the
/// client's stream stays. A client that comes back to a stream hears that everything may have changed since.
final class BridgedStream: LegacyAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let upstream: ModernUpstream
  private let messages: ClientMessages
  private var filter: SubscriptionFilter?
  private var watched: [String] = []
  private var current: OpenSubscription?
  /// Takes the place of the current one once the server has acknowledged it, so that nothing is missed between.
  private var next: OpenSubscription?
  private var timer: Scheduled<Void>?
  private var pause = LegacyBridgeLimits.firstSubscriptionPause
  private var generation = 0
  private let name = StreamName(.standing, loop: 0)
  private var said = 0
  private var hasGap: Bool
  private var isReading = false
  private var mustReadAgain = false
  private var isOver = false

  /// - Parameter isResumed: Whether the client had such a stream before.
  init(exchange: GatewayExchange, request: AdmittedRequest, isResumed: Bool) {
    self.exchange = exchange
    self.request = request
    hasGap = isResumed
    upstream = ModernUpstream(exchange: exchange, request: request, client: request.legacyClient)
    messages = ClientMessages(exchange: exchange, id: nil)
  }

  var principal: Principal { request.principal }

  var account: ConnectionKey? { request.account }

  let isEndless = true

  private var gateway: Gateway { exchange.gateway }
  private var eventLoop: any EventLoop { exchange.client.eventLoop }
  private var session: ArtefactDigest? { request.session?.session.digest }

  func start() {
    guard let session else { return messages.reject(.unknownSession(id: nil)) }
    gateway.streams.replace(session, by: self, on: eventLoop)
    gateway.legacyBridge.desk.opened(Seat(self, on: eventLoop), of: session)
    schedule(in: LegacyBridgeLimits.streamOpening) { [self] in if filter == nil { open(.everything) } }
    upstream.features { [self] declared in
      if isOver || filter != nil { return }
      open(declared?.changes ?? .everything)
    }
  }

  private func open(_ filter: SubscriptionFilter) {
    timer?.cancel()
    self.filter = filter
    // A server that tells of nothing: no stream is held open for it (X3).
    if filter.isEmpty {
      settle()
      return messages.reject(.methodNotAllowed(allow: "POST, DELETE, OPTIONS"))
    }
    messages.openStream()
    if let session = request.session?.session, session.revision >= .v20251125 { messages.prime(eventID(of: session)) }
    gateway.streams.opened(self, on: eventLoop)
    watchesChanged()
  }

  // MARK: - Watched resources

  /// Reads from the store what the session watches, and subscribes to that.
  func watchesChanged() {
    guard !isOver, filter != nil, let session else { return }
    if isReading {
      mustReadAgain = true
      return
    }
    isReading = true
    let sessions = gateway.sessions
    eventLoop.makeFutureWithTask { try await sessions.session(session) }.assumeIsolated().whenComplete {
      [self] result in
      isReading = false
      if isOver { return }
      if mustReadAgain {
        mustReadAgain = false
        return watchesChanged()
      }
      switch result {
      case .success(nil): close(reason: "session_ended")
      case .success(let session?):
        watched = session.watchedResources
        subscribe()
      case .failure: scheduleSubscription()
      }
    }
  }

  // MARK: - Subscriptions

  private func subscribe() {
    next?.cancel()
    next = nil
    guard let notifications = filter?.notifications(watching: watched) else {
      current?.cancel()
      current = nil
      return
    }
    generation += 1
    let modern = upstream.translation.own(
      .subscriptionsListen, id: upstream.id("listen.\(generation)"),
      params: ["notifications": .object(notifications)])
    let subscription = OpenSubscription()
    next = subscription
    do throws(Rejection) {
      let dialogue = try upstream.send(modern) { [weak self] turn in self?.hear(turn, from: subscription) }
      subscription.attach(dialogue)
    } catch { lost(subscription) }
  }

  private func hear(_ turn: UpstreamDialogue.Turn, from subscription: OpenSubscription) {
    guard !isOver, subscription === current || subscription === next else { return }
    switch turn {
    case .accepted, .message(.request): break
    // The server ends the subscription (2026-07-28, Cancellation); its stream may stay open.
    case .message(.notification(let notification)) where notification.method == .cancelled: lost(subscription)
    case .message(.notification(let notification)):
      if subscription === next { begin(subscription) }
      relay(notification)
    case .message(.response), .ended, .refused, .failed: lost(subscription)
    }
  }

  private func begin(_ subscription: OpenSubscription) {
    current?.cancel()
    current = subscription
    next = nil
    subscription.beganAt = .now()
    // The client can't know that it may have missed something.
    if hasGap, let filter {
      for change in filter.changes(watching: watched) { tell(change) }
    }
    hasGap = false
  }

  private func relay(_ notification: MCPNotification) {
    switch notification.method {
    case .toolsListChanged, .promptsListChanged, .resourcesListChanged, .resourcesUpdated:
      guard let legacy = NotificationTranslation.legacy(notification) else { return }
      tell(legacy)
      if messages.isDone { return clientDisconnected() }
      clientWritabilityChanged()
    default: break
    }
  }

  private func tell(_ notification: MCPNotification) {
    messages.send(.notification(notification), event: (request.session?.session).map(eventID))
  }

  private func eventID(of session: MCPSession) -> String {
    said += 1
    return gateway.eventIDs.encode(EventPoint(stream: name, sequence: said), of: session)
  }

  private func lost(_ subscription: OpenSubscription) {
    subscription.cancel()
    if subscription === next { next = nil }
    if subscription === current {
      current = nil
      hasGap = true
    }
    if subscription.wasSteady { pause = LegacyBridgeLimits.firstSubscriptionPause }
    scheduleSubscription()
  }

  private func scheduleSubscription() {
    schedule(in: pause) { [self] in watchesChanged() }
    pause = min(pause * 2, LegacyBridgeLimits.longestSubscriptionPause)
  }

  private func schedule(in time: TimeAmount, _ body: @escaping () -> Void) {
    timer?.cancel()
    timer = eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
      if let self, !isOver { body() }
    }
  }

  // MARK: - The client's side

  func clientWritabilityChanged() {
    current?.setReading(exchange.client.isWritable)
  }

  func clientDisconnected() {
    if isOver { return }
    settle()
    messages.forget(reason: "client_disconnected")
  }

  func close(reason: String) {
    if isOver { return }
    let wasOpen = filter != nil
    settle()
    if wasOpen { messages.finish(reason: reason) } else { messages.reject(upstream.unavailable(reason)) }
  }

  private func settle() {
    isOver = true
    timer?.cancel()
    current?.cancel()
    next?.cancel()
    current = nil
    next = nil
    gateway.streams.closed(self, of: session, on: eventLoop)
    if let session { gateway.legacyBridge.desk.closed(self, of: session) }
  }
}

/// One `subscriptions/listen` under way. Used on its event loop only.
private final class OpenSubscription {
  private var dialogue: UpstreamDialogue?
  private var isCancelled = false
  var beganAt: NIODeadline?

  /// Whether it lasted, so that its end isn't one of a row of failures.
  var wasSteady: Bool {
    beganAt.map { .now() - $0 >= LegacyBridgeLimits.longestSubscriptionPause } ?? false
  }

  func attach(_ dialogue: UpstreamDialogue) {
    if isCancelled { dialogue.cancel() } else { self.dialogue = dialogue }
  }

  func cancel() {
    isCancelled = true
    dialogue?.cancel()
    dialogue = nil
  }

  func setReading(_ reading: Bool) { dialogue?.setReading(reading) }
}
