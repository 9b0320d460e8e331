import MartletDomain
import MartletVault

extension ModelWorld {
  /// A process hears of what happened; where its flight ends, so does what it spilled for it.
  func telling(_ index: Int, _ event: ModelFlight.Event, _ mutation: ModelMutation?) throws -> ModelWorld {
    var world = self
    guard var flight = nodes[index].flight, let before = nodes[index].action else { return self }
    var action = flight.handle(mutated(event, mutation))
    switch (mutation, before, event) {
    case (.asksThoughTheStoreFailed, .claim, .storeFailed):
      var ledger = ledger
      let claim = RefreshClaim(version: ledger.version, node: Self.node, now: now, lease: Self.lease)
      flight = nodes[index].flight ?? flight
      action = flight.handle(.claimed(ledger.claim(claim)))
      world.nodes[index].presented = storedToken
    case (.asksAgainUnderTheSameLease, .exchange, .notIssued(.passing)):
      (flight, action) = (nodes[index].flight ?? flight, before)
    case (.dropsTokensWhenTheStoreFails, .commit, .storeFailed): action = .finish(.unavailable(retryAt: nil))
    default: break
    }
    world.nodes[index].flight = flight
    world.nodes[index].action = action
    world.nodes[index].waiting = nil
    switch action {
    case .wait, .pause: world.nodes[index].waiting = nodes[index].held
    case .finish: world.land(index, before)
    default: break
    }
    return world
  }

  private func mutated(_ event: ModelFlight.Event, _ mutation: ModelMutation?) -> ModelFlight.Event {
    if mutation == .takesOutagesForRefusals, case .notIssued = event { return .notIssued(.refused) }
    return event
  }

  private mutating func land(_ index: Int, _ last: ModelFlight.Action) {
    if case .commit(_, let version, _) = last { journal.removeAll { $0.version <= version } }
    nodes[index] = ModelNode(calls: nodes[index].callsLeft)
  }

  /// A process dies and is started again: its memory is gone, its journal is there.
  func crashing(_ index: Int, _ mutation: ModelMutation?) -> ModelWorld {
    var world = self
    world.faults.crashes -= 1
    if let held = nodes[index].held, !isDurable(held) { world.lostInWindow = true }
    world.nodes[index] = ModelNode(calls: nodes[index].callsLeft)
    if mutation == .forgetsTheJournal { world.journal = [] }
    return world
  }

  /// The lease runs out: a fault where its holder is alive and at work, since it would renew it; otherwise a matter of
  /// time.
  func lapsing(_ mutation: ModelMutation?) -> ModelWorld? {
    guard let intent = ledger.intent, intent.leaseUntil > now else { return nil }
    let holder = nodes.first { $0.flight != nil && $0.epoch == intent.epoch }
    var world = self
    world.clock += 1
    guard let holder else { return world }
    guard faults.pauses > 0 else { return nil }
    world.faults.pauses -= 1
    // A server that revokes on reuse will do so when the next process tries, and there is no telling it.
    if server.temper == .strict, let held = holder.held, !isDurable(held) { world.lostInWindow = true }
    // The second of two holders that stall: what the first was given is stored, though it was overtaken.
    if stalls > 0, server.temper == .overtaking, let held = holder.held, !isDurable(held), isOneOfSeveral(held) {
      world.lostInWindow = true
    }
    world.stalls += 1
    return world
  }

  private func isOneOfSeveral(_ tokens: Int) -> Bool {
    (journal.map(\.tokens) + nodes.compactMap(\.held)).contains { $0 != tokens }
  }

  /// With no more faults, and nothing under way, one more refresh has to bring the connection in order.
  func checkHealing() throws {
    guard journal.isEmpty, nodes.allSatisfy({ $0.flight == nil }) else { return }
    var world = self
    if let end = ledger.intent?.leaseUntil { world.clock = max(clock, Int(end.milliseconds)) }
    if world.ledger.isUsable {
      let claim = RefreshClaim(version: ledger.version, node: Self.node, now: world.now, lease: Self.lease)
      guard case .claimed(let epoch) = world.ledger.claim(claim) else { throw ModelViolation("it can't be claimed") }
      switch world.server.redeem(storedToken) {
      case .issued(let tokens):
        let success = RefreshSuccess(version: ledger.version, epoch: epoch, isRefreshable: true, now: world.now)
        guard world.ledger.commit(success) == .recorded else { throw ModelViolation("it can't be stored") }
        world.storedToken = tokens
      case .refused:
        let failure = RefreshFailure(version: ledger.version, epoch: epoch, cause: .refused, now: world.now)
        guard world.ledger.record(failure) == .recorded else { throw ModelViolation("it can't be recorded") }
      }
    }
    let forgives = server.temper == .forgiving || server.temper == .constant
    if world.ledger.state == .active { return }
    guard wasRevokedByOwner || (lostInWindow && !forgives) else {
      throw ModelViolation("a credential was lost: \(world.ledger.state) \(world.ledger.reason.map { "\($0)" } ?? "")")
    }
  }
}
