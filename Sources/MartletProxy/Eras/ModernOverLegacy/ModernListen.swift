import MCPProtocol
import NIOCore

/// A modern client that listens for changes of a legacy server. Used on its event loop only.
final class ModernListen: ModernWork {
  private let client: ModernExchange
  private let subscription: Subscription
  private let filter: ListenFilter?
  private var lease: BridgeLease?
  private var token: ChangeFeed.Token?
  private var isAcknowledged = false
  private var attempts = 0

  init(_ client: ModernExchange, request: MCPRequest) {
    self.client = client
    subscription = Subscription(id: request.id)
    filter = ListenFilter(params: request.params)
  }

  func start() {
    guard filter != nil else {
      return client.conclude(
        ModernAnswer(
          .invalidParams,
          "params.notifications must be a filter of at most \(ListenFilter.maximumResources) resources."))
    }
    listen()
  }

  /// A reader that doesn't keep up is cut by what waits for it.
  func setReading(_ reading: Bool) {}

  func stop(reason: String) {
    leave()
    // A stream that ends on our side ends with a word (Subscriptions, Graceful Closure).
    if isAcknowledged, reason != "client_disconnected" { client.send(.response(subscription.end)) }
  }

  private func leave() {
    if let token, let lease { lease.session.feed { $0.remove(token) } }
    token = nil
    lease = nil
  }

  private func listen() {
    client.tryLease { [self] result in
      switch result {
      case .success(let lease): listen(in: lease)
      case .failure(let rejection):
        if isAcknowledged { return listenAgain() }
        client.reject(rejection)
      }
    }
  }

  private func listen(in lease: BridgeLease) {
    guard let filter else { return }
    let token = ChangeFeed.Token()
    self.lease = lease
    self.token = token
    let bound = OnLoop(self, eventLoop: client.eventLoop)
    let hasSession = lease.session.upstream.id != nil
    let offered = hasSession ? filter.offered(by: lease.session.server) : ListenFilter()
    lease.session.feed { feed in
      feed.add(token, filter: offered) { event in bound { $0.hear(event, token) } }
    }
  }

  private func hear(_ event: ChangeFeed.Event, _ token: ChangeFeed.Token) {
    guard !client.isDone, self.token === token else { return }
    switch event {
    case .listening(let filter): listening(filter)
    case .changed(let notification): send(notification)
    case .lost:
      if let lease { client.bridge.sessions.lose(lease.session) }
      self.token = nil
      lease = nil
      listenAgain()
    case .full:
      client.conclude(
        ModernAnswer(.limited, "Too many streams listen for changes already.", data: ["retry_after": 60]))
    }
  }

  private func listening(_ filter: ListenFilter) {
    attempts = 0
    if isAcknowledged {
      // What changed between two sessions, nobody knows.
      for change in filter.assumedChanges { send(change) }
    } else {
      isAcknowledged = true
      client.send(.notification(subscription.acknowledgement(filter)))
    }
  }

  private func send(_ notification: MCPNotification) {
    client.send(.notification(subscription.tagged(notification)))
    if client.isDone { leave() }
  }

  private func listenAgain() {
    let pause = BridgeLimits.reopening[min(attempts, BridgeLimits.reopening.count - 1)]
    attempts += 1
    _ = client.eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in
      if let self, !client.isDone { listen() }
    }
  }
}
