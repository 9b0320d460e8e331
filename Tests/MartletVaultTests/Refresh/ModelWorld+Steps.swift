import MartletDomain
import MartletVault

/// The steps that may come next, each from a world to a world.
extension ModelWorld {
  func successors(_ mutation: ModelMutation?) throws -> [ModelWorld] {
    var worlds: [ModelWorld] = []
    for index in nodes.indices {
      if index > 0, nodes[index] == nodes[index - 1] { continue }
      worlds += try steps(of: index, mutation)
      if faults.crashes > 0, nodes[index].flight != nil { worlds.append(crashing(index, mutation)) }
    }
    if let world = lapsing(mutation) { worlds.append(world) }
    if faults.revocations > 0 {
      var world = self
      world.faults.revocations -= 1
      world.server.revoke()
      world.wasRevokedByOwner = true
      worlds.append(world)
    }
    return worlds
  }

  private func steps(of index: Int, _ mutation: ModelMutation?) throws -> [ModelWorld] {
    let node = nodes[index]
    guard let action = node.action else { return beginning(index) }
    switch action {
    case .claim(let version): return try claiming(index, version, mutation)
    case .exchange(let epoch):
      return try node.answer.map { try delivering($0, index, epoch, mutation) } ?? asking(index, epoch, mutation)
    case .commit(let tokens, let version, let epoch): return try committing(index, tokens, version, epoch, mutation)
    case .spill(let tokens, let version, let epoch): return try spilling(index, tokens, version, epoch, mutation)
    case .record(let cause, let version, let epoch): return try recording(index, cause, version, epoch, mutation)
    // It looks again when the time has come, or when the other one is done.
    case .wait(let end): return end <= now || ledger.intent == nil ? [try telling(index, .woke, mutation)] : []
    case .pause: return [try telling(index, .woke, mutation)]
    case .finish: return []
    }
  }

  /// What a process does that has nothing to do: a call finds the credential ended, or spilled tokens are found that
  /// nobody is storing.
  private func beginning(_ index: Int) -> [ModelWorld] {
    var worlds: [ModelWorld] = []
    for entry in journal where !nodes.contains(where: { $0.held == entry.tokens }) {
      var world = self
      world.begin(index, ModelFlight.resume(entry.tokens, version: entry.version, epoch: entry.epoch))
      world.nodes[index].epoch = entry.epoch
      worlds.append(world)
    }
    if nodes[index].callsLeft > 0, ledger.version <= lastEndingVersion, ledger.isUsable {
      var world = self
      world.nodes[index].callsLeft -= 1
      world.begin(index, ModelFlight.begin(version: ledger.version))
      worlds.append(world)
    }
    return worlds
  }

  private mutating func begin(_ index: Int, _ begun: (flight: ModelFlight, action: ModelFlight.Action)) {
    (nodes[index].flight, nodes[index].action) = (begun.flight, begun.action)
  }

  private func claiming(_ index: Int, _ version: Int, _ mutation: ModelMutation?) throws -> [ModelWorld] {
    var done = self
    let takesAll = mutation == .takesOverLiveLeases
    let outcome: RefreshClaimOutcome
    if mutation == .neverTakesOver, let intent = ledger.intent {
      outcome = .held(until: intent.leaseUntil + Self.lease)
    } else {
      outcome = done.ledger.claim(
        RefreshClaim(
          version: version, node: Self.node, now: takesAll ? now + .seconds(1) : now,
          lease: takesAll ? .seconds(-1) + Self.lease : Self.lease))
    }
    if case .claimed(let epoch) = outcome {
      done.nodes[index].presented = storedToken
      done.nodes[index].version = version
      done.nodes[index].epoch = epoch
    }
    var worlds = [try done.telling(index, .claimed(outcome), mutation)]
    worlds += try failing(index, mutation, applied: done)
    return worlds
  }

  private func asking(_ index: Int, _ epoch: Int, _ mutation: ModelMutation?) throws -> [ModelWorld] {
    let isHeld = ledger.intent.map { $0.epoch == epoch && $0.leaseUntil > now } ?? false
    let isCareless = [.asksAfterTheLease, .asksThoughTheStoreFailed, .takesOverLiveLeases].contains(mutation)
    guard isHeld || isCareless else { return [try telling(index, .lapsed, mutation)] }
    if let found = newestSpill(nodes[index].version), mutation != .overlooksTheJournal {
      return [try telling(index, .issued(found.tokens), mutation)]
    }
    guard newestSpill(nodes[index].version) == nil else {
      throw ModelViolation("asked though tokens lie in the journal")
    }
    guard epoch <= ledger.epoch else { throw ModelViolation("asked without a durable intent") }
    guard !askedEpochs.contains(epoch) else { throw ModelViolation("asked twice under one lease") }
    var asked = self
    asked.askedEpochs.append(epoch)
    var worlds: [ModelWorld] = []
    var answered = asked
    answered.nodes[index].answer = answered.server.redeem(nodes[index].presented)
    worlds.append(answered)
    if faults.losses > 0 {
      asked.faults.losses -= 1
      worlds.append(try asked.telling(index, .notIssued(passing(mayBeSpent: false)), mutation))
    }
    return worlds
  }

  private func newestSpill(_ version: Int) -> ModelSpill? { journal.first { $0.version == version } }

  private func delivering(
    _ answer: ModelServer.Answer, _ index: Int, _ epoch: Int, _ mutation: ModelMutation?
  ) throws -> [ModelWorld] {
    var arrived = self
    arrived.nodes[index].answer = nil
    var lost = arrived
    var worlds: [ModelWorld] = []
    switch answer {
    case .issued(let tokens): worlds.append(try arrived.telling(index, .issued(tokens), mutation))
    case .refused: worlds.append(try arrived.telling(index, .notIssued(.refused), mutation))
    }
    if faults.losses > 0 {
      lost.faults.losses -= 1
      if case .issued(let tokens) = answer, !isDurable(tokens) { lost.lostInWindow = true }
      worlds.append(try lost.telling(index, .notIssued(passing(mayBeSpent: true)), mutation))
    }
    return worlds
  }

  private func passing(mayBeSpent: Bool) -> RefreshFailure.Cause {
    .passing(.issuerUnavailable, mayBeSpent: mayBeSpent, retryAt: now)
  }

  private func committing(
    _ index: Int, _ tokens: Int, _ version: Int, _ epoch: Int, _ mutation: ModelMutation?
  ) throws -> [ModelWorld] {
    var done = self
    var success = RefreshSuccess(version: version, epoch: epoch, isRefreshable: true, now: now)
    if mutation == .storesOverNewerVersions { success.version = ledger.version }
    if mutation == .storesInTheMidstOfAnotherLease { success.epoch = ledger.intent?.epoch ?? epoch }
    let outcome = done.ledger.commit(success)
    if outcome == .recorded {
      let isSuccessor = server.temper == .constant || server.parents[tokens] == storedToken
      guard isSuccessor else { throw ModelViolation("tokens were stored over newer ones") }
      guard done.ledger.version == version + 1 else { throw ModelViolation("a version was left out") }
      done.storedToken = tokens
    }
    return [try done.telling(index, .reported(outcome), mutation)] + (try failing(index, mutation, applied: done))
  }

  private func spilling(
    _ index: Int, _ tokens: Int, _ version: Int, _ epoch: Int, _ mutation: ModelMutation?
  ) throws -> [ModelWorld] {
    var done = self
    if (newestSpill(version)?.epoch ?? -1) < epoch || mutation == .spillsOverNewerTokens {
      done.journal.removeAll { $0.version == version }
      done.journal.append(ModelSpill(tokens: tokens, version: version, epoch: epoch))
    }
    var worlds = [try done.telling(index, .spilled, mutation)]
    if faults.storeFailures > 0 {
      var failed = self
      failed.faults.storeFailures -= 1
      worlds.append(try failed.telling(index, .spillFailed, mutation))
    }
    return worlds
  }

  private func recording(
    _ index: Int, _ cause: RefreshFailure.Cause, _ version: Int, _ epoch: Int, _ mutation: ModelMutation?
  ) throws -> [ModelWorld] {
    var done = self
    var failure = RefreshFailure(version: version, epoch: epoch, cause: cause, now: now)
    if mutation == .believesAnyRefusal, cause == .refused {
      failure.version = ledger.version
      _ = done.ledger.claim(RefreshClaim(version: ledger.version, node: Self.node, now: now, lease: Self.lease))
      failure.epoch = done.ledger.epoch
    }
    let outcome = done.ledger.record(failure)
    if outcome == .recorded, cause == .refused, nodes[index].presented != storedToken {
      throw ModelViolation("a refusal of another token was believed")
    }
    return [try done.telling(index, .reported(outcome), mutation)] + (try failing(index, mutation, applied: done))
  }

  /// The store says that it failed: before it did anything, or after.
  private func failing(_ index: Int, _ mutation: ModelMutation?, applied: ModelWorld) throws -> [ModelWorld] {
    guard faults.storeFailures > 0 else { return [] }
    var before = self
    before.faults.storeFailures -= 1
    var after = applied
    after.faults.storeFailures -= 1
    return [try before.telling(index, .storeFailed, mutation), try after.telling(index, .storeFailed, mutation)]
  }
}
