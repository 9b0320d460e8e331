import MartletDomain
import OAuthProtocol
import StrictCoding

/// One refresh from its first step to its last: does what the flight says and tells it what happened.
struct RefreshRun: Sendable {
  typealias Flight = RefreshFlight<SealedTokens>

  /// How long others keep off unless it is renewed.
  static let lease: Duration = .seconds(15)
  /// How often somebody else's lease is looked at.
  static let glance: Duration = .milliseconds(200)

  let key: ConnectionKey
  let issuer: ByteString
  let isUrgent: Bool
  let engine: RefreshEngine.Dependencies
  /// Called when tokens are there that can't be stored: whoever waits is told to come again.
  let stalled: @Sendable () -> Void
  /// Whether the process is about to end: then the journal is where tokens wait for the store.
  let isClosing: @Sendable () -> Bool
  /// What the claim found, until the exchange is over; then the gate was left.
  private var claimed: UpstreamConnection?
  private var isInside = false
  private var isSpilled = false
  private var pauses = 0

  init(
    key: ConnectionKey, issuer: ByteString, isUrgent: Bool, engine: RefreshEngine.Dependencies,
    stalled: @escaping @Sendable () -> Void, isClosing: @escaping @Sendable () -> Bool
  ) {
    self.key = key
    self.issuer = issuer
    self.isUrgent = isUrgent
    self.engine = engine
    self.stalled = stalled
    self.isClosing = isClosing
  }

  mutating func fly(_ begun: (flight: Flight, action: Flight.Action)) async -> Flight.Ending {
    var (flight, action) = begun
    while true {
      switch action {
      case .finish(let ending):
        leave(.notAsked)
        return ending
      case .claim(let version): action = flight.handle(await claim(version))
      case .exchange(let epoch): action = flight.handle(await exchange(epoch))
      case .commit(let tokens, let version, let epoch):
        action = flight.handle(await commit(tokens, version, epoch))
      case .spill(let tokens, let version, let epoch):
        stalled()
        action = flight.handle(spill(SpilledTokens(key: key, version: version, epoch: epoch, tokens: tokens)))
      case .record(let cause, let version, let epoch): action = flight.handle(await record(cause, version, epoch))
      case .wait(let end):
        await engine.sleeper.sleep(for: max(.milliseconds(1), min(end - now, Self.glance)))
        if Task.isCancelled { return .unavailable(retryAt: nil) }
        action = flight.handle(.woke)
      case .pause:
        pauses += 1
        await engine.sleeper.sleep(for: .milliseconds(min(100 << min(pauses, 6), 5_000)))
        // What was spilled is stored by whoever comes next.
        if Task.isCancelled || (isSpilled && isClosing()) { return .unavailable(retryAt: nil) }
        action = flight.handle(.woke)
      }
    }
  }

  private var now: Timestamp { engine.clock.now() }

  private mutating func claim(_ version: Int) async -> Flight.Event {
    switch await engine.gate.enter(issuer, isUrgent: isUrgent) {
    case .closed(let end): return .claimed(.resting(until: end))
    case .open(let delay):
      isInside = true
      if delay > .zero { await engine.sleeper.sleep(for: delay) }
    }
    do {
      try await engine.seal.prepare(for: key.tenant)
      CrashPoint.refreshUnclaimed.reach()
      let claim = RefreshClaim(version: version, node: engine.node, now: now, lease: Self.lease)
      guard let answer = try await engine.store.claimRefresh(of: key, claim) else {
        leave(.notAsked)
        return .claimed(.ended)
      }
      if case .claimed = answer.outcome { claimed = answer.connection } else { leave(.notAsked) }
      return .claimed(answer.outcome)
    } catch {
      leave(.notAsked)
      return .storeFailed
    }
  }

  private mutating func exchange(_ epoch: Int) async -> Flight.Event {
    guard let connection = claimed, let lease = connection.ledger.intent?.leaseUntil else { return .lapsed }
    claimed = nil
    let version = connection.ledger.version
    let credential: UpstreamTokens
    do {
      if let found = try engine.journal.newest(of: key, version: version) {
        leave(.notAsked)
        return .issued(found.tokens)
      }
      guard let opened = try await engine.seal.open(connection), opened.refreshToken != nil else {
        return notAsked(.unreadable, connection)
      }
      credential = opened
    } catch {
      return notAsked(.unreadable, connection)
    }
    guard let refreshToken = credential.refreshToken, now < lease else {
      leave(.notAsked)
      return .lapsed
    }
    CrashPoint.refreshClaimed.reach()
    let answer = await redeem(refreshToken, connection, epoch)
    CrashPoint.refreshAnswered.reach()
    return await reading(answer, of: credential, connection)
  }

  /// Presents the token, and renews the lease for as long as that takes.
  private func redeem(_ token: Secret, _ connection: UpstreamConnection, _ epoch: Int) async -> RefreshAnswer {
    let engine = engine
    let key = key
    return await withTaskGroup(of: RefreshAnswer?.self) { group in
      group.addTask { await engine.exchange.redeem(token, for: connection) }
      group.addTask {
        while !Task.isCancelled {
          await engine.sleeper.sleep(for: Self.lease / 3)
          guard !Task.isCancelled else { break }
          let end = engine.clock.now() + Self.lease
          guard (try? await engine.store.renewRefreshLease(of: key, epoch: epoch, until: end)) != false else { break }
        }
        return nil
      }
      var answer: RefreshAnswer?
      while answer == nil, let result = await group.next() { answer = result }
      group.cancelAll()
      return answer ?? .passing(.issuerUnavailable, mayBeSpent: true)
    }
  }

  private mutating func reading(
    _ answer: RefreshAnswer, of credential: UpstreamTokens, _ connection: UpstreamConnection
  ) async -> Flight.Event {
    switch answer {
    case .refused:
      leave(.answered)
      return .notIssued(.refused)
    case .passing(let reason, let mayBeSpent):
      leave(reason == .issuerUnavailable ? .silent : .answered)
      return .notIssued(passing(reason, mayBeSpent, connection))
    case .issued(let response):
      leave(.answered)
      do {
        return .issued(try await sealed(response, credential, connection))
      } catch {
        return .notIssued(passing(.unreadable, true, connection))
      }
    }
  }

  private func sealed(
    _ response: TokenResponse, _ old: UpstreamTokens, _ connection: UpstreamConnection
  ) async throws(VaultError) -> SealedTokens {
    // An omitted refresh token means that the old one stays (RFC 6749 §6).
    let tokens = UpstreamTokens(
      accessToken: Secret(response.accessToken),
      refreshToken: response.refreshToken.map { Secret($0) } ?? old.refreshToken,
      idToken: old.idToken == nil ? nil : response.idToken.map { Secret($0) } ?? old.idToken)
    let timing = RefreshTiming(random: engine.random)
    let issuedAt = now
    return SealedTokens(
      sealedCredential: try await engine.seal.seal(tokens, for: key, version: connection.ledger.version + 1),
      isRefreshable: tokens.refreshToken != nil, scope: response.scope,
      expiresAt: response.expiresIn.map { issuedAt + .seconds($0) },
      refreshAt: timing.refreshAt(issuedAt: issuedAt, livingFor: response.expiresIn))
  }

  private mutating func commit(_ tokens: SealedTokens, _ version: Int, _ epoch: Int) async -> Flight.Event {
    do {
      CrashPoint.refreshSealed.reach()
      let outcome = try await engine.store.commitRefreshedCredential(
        of: key, tokens.renewal(of: version, epoch: epoch, at: now))
      CrashPoint.refreshStored.reach()
      if outcome == .recorded { note(.credentialRefreshed, nil) }
      if outcome == .recorded || outcome == .superseded { engine.journal.forget(key, through: version) }
      return .reported(outcome)
    } catch {
      return .storeFailed
    }
  }

  private mutating func spill(_ spilled: SpilledTokens) -> Flight.Event {
    do {
      try engine.journal.keep(spilled)
      isSpilled = true
      CrashPoint.refreshSpilled.reach()
      return .spilled
    } catch {
      return .spillFailed
    }
  }

  private func record(_ cause: RefreshFailure.Cause, _ version: Int, _ epoch: Int) async -> Flight.Event {
    do {
      let outcome = try await engine.store.recordRefreshFailure(
        of: key, RefreshFailure(version: version, epoch: epoch, cause: cause, now: now))
      if outcome == .recorded { note(.credentialFailed, cause.reason) }
      return .reported(outcome)
    } catch {
      return .storeFailed
    }
  }

  private mutating func notAsked(_ reason: ConnectionReason, _ connection: UpstreamConnection) -> Flight.Event {
    leave(.notAsked)
    return .notIssued(passing(reason, false, connection))
  }

  private func passing(
    _ reason: ConnectionReason, _ mayBeSpent: Bool, _ connection: UpstreamConnection
  ) -> RefreshFailure.Cause {
    let timing = RefreshTiming(random: engine.random)
    return .passing(
      reason, mayBeSpent: mayBeSpent, retryAt: timing.retryAt(after: connection.ledger.failures, now: now))
  }

  private mutating func leave(_ experience: IssuerGate.Experience) {
    guard isInside else { return }
    isInside = false
    engine.gate.leave(issuer, experience)
  }

  private func note(_ action: AuditAction, _ reason: ConnectionReason?) {
    engine.audit.record(
      AuditEvent(
        at: now, action: action, tenant: key.tenant, subject: key.owner.user?.string, route: key.route.path,
        reason: reason?.rawValue))
  }
}

extension RefreshFailure.Cause {
  fileprivate var reason: ConnectionReason {
    switch self {
    case .refused: .refused
    case .passing(let reason, _, _): reason
    }
  }
}
