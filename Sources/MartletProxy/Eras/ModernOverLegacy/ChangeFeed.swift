import MCPProtocol
import NIOCore
import StrictCoding

/// The changes that a legacy server tells in one session, shared out to whoever listens: one GET stream upstream, one
/// `resources/subscribe` for each watched resource. Some servers tell there how calls get on. Used on its event loop only.
final class ChangeFeed {
  /// What a listener hears.
  enum Event: Sendable {
    /// It listens now, to this.
    case listening(ListenFilter)
    /// Something changed.
    case changed(MCPNotification)
    /// The session is not known any more; the listener is forgotten.
    case lost
    /// Too many listen; the listener is forgotten.
    case full
  }

  /// Stands for one listener.
  final class Token: Sendable {}

  private struct Listener {
    let token: Token
    var filter: ListenFilter
    let hear: @Sendable (Event) -> Void
    var isReady = false
  }

  private enum Stream {
    case closed
    case opening
    case open
    /// It ended, or couldn't be had, and is opened again soon: nobody waits for that.
    case pausing
    case unavailable
  }

  private let upstream: UpstreamSession
  private let contact: LegacyContact
  private let eventLoop: any EventLoop
  private var listeners: [ObjectIdentifier: Listener] = [:]
  private let watched: WatchedResources
  private var waiting: [() -> Void] = []
  private var stream = Stream.closed
  private var dialogue: UpstreamDialogue?
  private var attempts = 0
  private var hasGap = false
  private var isHeld = false
  private var calls: [JSONRPCID: @Sendable (MCPNotification) -> Void] = [:]

  init(upstream: UpstreamSession, contact: LegacyContact, eventLoop: any EventLoop) {
    self.upstream = upstream
    self.contact = contact
    self.eventLoop = eventLoop
    watched = WatchedResources { method, uri, lastID, completion in
      // Requests of clients have numbers.
      let request = MCPRequest(id: .string("feed-\(lastID)"), method: method, params: ["uri": .string(uri)])
      contact.ask(request, in: upstream, on: eventLoop) { completion($0?.result != nil) }
    }
  }

  /// Begins to listen.
  ///
  /// - Parameter filter: What the server offers of what is wanted.
  func add(_ token: Token, filter: ListenFilter, hear: @escaping @Sendable (Event) -> Void) {
    guard listeners.count < BridgeLimits.listeners else { return hear(.full) }
    let id = ObjectIdentifier(token)
    listeners[id] = Listener(token: token, filter: filter.watching([]), hear: hear)
    if filter.isEmpty { return ready(id) }
    whenOpen { [self] in
      guard listeners[id] != nil else { return }
      if stream == .unavailable {
        listeners[id]?.filter = ListenFilter()
        return ready(id)
      }
      watch(filter.resources) { [self] watched in
        guard listeners[id] != nil else { return unwatch(watched) }
        listeners[id]?.filter = filter.watching(watched)
        ready(id)
      }
    }
  }

  private var isUnused: Bool { listeners.isEmpty && !isHeld }

  /// Keeps the stream open from now on, so that a server that asks something outside of any call hears no, rather than
  /// waiting for ever.
  ///
  /// - Parameter ready: Called when the server can be heard, or won't be.
  func hold(_ ready: @escaping @Sendable () -> Void) {
    isHeld = true
    whenOpen { ready() }
  }

  /// A call wants to hear how it gets on, under this token.
  func follow(_ token: JSONRPCID, _ hear: @escaping @Sendable (MCPNotification) -> Void) { calls[token] = hear }

  /// The call is over.
  func unfollow(_ token: JSONRPCID) { calls[token] = nil }

  /// Ends everything, with the session.
  func end() {
    isHeld = false
    listeners = [:]
    close()
  }

  private func ready(_ id: ObjectIdentifier) {
    listeners[id]?.isReady = true
    if let listener = listeners[id] { listener.hear(.listening(listener.filter)) }
  }

  /// Ends listening.
  func remove(_ token: Token) {
    guard let listener = listeners.removeValue(forKey: ObjectIdentifier(token)) else { return }
    unwatch(listener.filter.resources)
    if isUnused { close() }
  }

  /// The server told of a change, on this stream or on another one.
  func deliver(_ notification: MCPNotification) {
    for listener in listeners.values where listener.isReady && listener.filter.admits(notification) {
      listener.hear(.changed(notification))
    }
  }

  // MARK: - Resources

  private func watch(_ resources: [String], completion: @escaping ([String]) -> Void) {
    var (left, refused) = (resources.count, Set<ByteString>())
    if resources.isEmpty { return completion([]) }
    for uri in resources {
      watched.watch(uri) { isTaken in
        if !isTaken { refused.insert(ByteString(uri)) }
        left -= 1
        if left == 0 { completion(resources.filter { !refused.contains(ByteString($0)) }) }
      }
    }
  }

  private func unwatch(_ resources: [String]) { resources.forEach(watched.unwatch) }

  // MARK: - The stream

  private func whenOpen(_ work: @escaping () -> Void) {
    switch stream {
    case .open, .pausing, .unavailable: work()
    case .opening: waiting.append(work)
    case .closed:
      waiting.append(work)
      open(after: nil)
    }
  }

  private func open(after last: String?) {
    stream = .opening
    guard var outbound = try? contact.outbound(.get, in: upstream) else { return openAgain() }
    outbound.lastEventID = last
    let opened = contact.send(outbound, on: eventLoop, resuming: last) { [weak self] turn in self?.hear(turn) }
    // What failed at once is over.
    guard stream == .opening else { return }
    dialogue = opened
    // Some servers send no head before the first event.
    _ = eventLoop.assumeIsolated().scheduleTask(in: BridgeLimits.feedOpening) { [weak self] in
      if let self, stream == .opening, !waiting.isEmpty { settle(.open) }
    }
  }

  private func settle(_ stream: Stream) {
    self.stream = stream
    let waiting = self.waiting
    self.waiting = []
    for work in waiting { work() }
  }

  private func hear(_ turn: UpstreamDialogue.Turn) {
    switch turn {
    case .accepted:
      attempts = 0
      settle(.open)
      tellGap()
    case .message(.notification(let notification)) where notification.method == .progress:
      if let token = notification.progressToken { calls[token]?(notification) }
    case .message(.notification(let notification)): deliver(notification)
    // Nobody knows whose call it belongs to.
    case .message(.request(let request)):
      let reply = request.method == .ping ? ServerRequests.pong(request) : ServerRequests.refusal(of: request)
      contact.tell(.response(reply), in: upstream, on: eventLoop)
    case .message(.response): break
    case .refused(let status, _, let body) where SessionLoss.isMeant(status, body) && upstream.id != nil: lose()
    case .refused(400, _, _), .refused(405, _, _), .refused(406, _, _), .refused(501, _, _):
      dialogue = nil
      settle(.unavailable)
    case .ended, .refused, .failed: openAgain()
    }
  }

  private func openAgain() {
    if isUnused { return close() }
    let last = dialogue?.lastEventID
    let pause = dialogue?.retry ?? BridgeLimits.reopening[min(attempts, BridgeLimits.reopening.count - 1)]
    if last == nil { hasGap = true }
    attempts += 1
    dialogue = nil
    settle(.pausing)
    _ = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
      guard let self, stream == .pausing, !isUnused else { return }
      open(after: last)
    }
  }

  /// What changed while there was no stream, nobody knows.
  private func tellGap() {
    guard hasGap else { return }
    hasGap = false
    for listener in listeners.values where listener.isReady {
      for change in listener.filter.assumedChanges { listener.hear(.changed(change)) }
    }
  }

  private func lose() {
    let (lost, waiting) = (listeners.values, waiting)
    watched.forget()
    end()
    for listener in lost { listener.hear(.lost) }
    for work in waiting { work() }
  }

  private func close() {
    dialogue?.cancel()
    dialogue = nil
    stream = .closed
    waiting = []
    hasGap = false
  }
}
