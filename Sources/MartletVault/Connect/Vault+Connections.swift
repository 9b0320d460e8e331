import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

extension Vault {
  /// Redeems a code and keeps what it brings. Whoever waits may go away: it is done all the same.
  func establish(_ opening: ConnectionOpening) async -> Result<UpstreamConnection, ConnectProblem> {
    await withCheckedContinuation { continuation in
      let isTaken = queue.add { [self] in
        let result: Result<UpstreamConnection, ConnectProblem>
        do throws(ConnectProblem) { result = .success(try await redeem(opening)) } catch { result = .failure(error) }
        continuation.resume(returning: result)
      }
      if !isTaken { continuation.resume(returning: .failure(.store(.unavailable("stopping")))) }
    }
  }

  private func redeem(_ opening: ConnectionOpening) async throws(ConnectProblem) -> UpstreamConnection {
    // Found out before the code is spent.
    do {
      try await dependencies.seal.prepare(for: opening.key.tenant)
      _ = try await dependencies.store.connection(opening.key)
    } catch {
      throw .store(.unavailable("vault"))
    }
    let response: TokenResponse
    do {
      response = try await opening.tokens.exchange(
        code: opening.code, redirectURI: opening.redirectURI, verifier: opening.verifier, resource: opening.resource,
        at: opening.metadata, as: opening.authentication)
    } catch {
      switch error {
      case .transient: throw .unreachable
      case .denied(_, let code, _): throw .refused(PlainText.sanitized(code, limit: 64))
      case .unusable: throw .unusable("token_response")
      }
    }
    return try await keep(response, of: opening, issuedAt: dependencies.clock.now())
  }

  /// Stores new tokens over whatever is there, again and again for a while: nobody else has them.
  private func keep(
    _ response: TokenResponse, of opening: ConnectionOpening, issuedAt: Timestamp
  ) async throws(ConnectProblem) -> UpstreamConnection {
    for _ in 0..<Self.keepingTries {
      if let kept = try? await keepOnce(response, of: opening, issuedAt: issuedAt) {
        cache.forget(opening.key)
        return kept
      }
      await dependencies.sleeper.sleep(for: .milliseconds(200))
    }
    throw .store(.unavailable("vault"))
  }

  /// How often it is tried: ten seconds.
  private static let keepingTries = 50

  private func keepOnce(
    _ response: TokenResponse, of opening: ConnectionOpening, issuedAt: Timestamp
  ) async throws -> UpstreamConnection? {
    let previous = try await dependencies.store.connection(opening.key)
    let ledger = RefreshLedger(after: previous?.ledger, isRefreshable: response.refreshToken != nil)
    let tokens = UpstreamTokens(
      accessToken: Secret(response.accessToken), refreshToken: response.refreshToken.map { Secret($0) })
    let sealed = try await dependencies.seal.seal(tokens, for: opening.key, version: ledger.version)
    let timing = RefreshTiming(random: dependencies.random)
    // Whoever disconnected begins anew.
    let goesOn = previous.map {
      $0.ledger.state != .revoked && ByteString($0.issuer) == ByteString(opening.metadata.issuer)
    }
    let scopes = goesOn == true ? previous?.scopes.asking(opening.asked) : nil
    let connection = UpstreamConnection(
      key: opening.key, ledger: ledger, issuer: opening.metadata.issuer,
      clientID: opening.authentication.clientID, scope: response.scope ?? opening.asked, sealedCredential: sealed,
      expiresAt: response.expiresIn.map { issuedAt + .seconds($0) },
      refreshAt: ledger.isRefreshable
        ? timing.refreshAt(issuedAt: issuedAt, livingFor: response.expiresIn) : nil,
      connectedAt: issuedAt, scopes: scopes ?? ScopeLedger(asked: opening.asked), resource: opening.resource)
    return try await dependencies.store.establishConnection(connection) ? connection : nil
  }

  /// Keeps a key that its owner entered, over whatever is there.
  ///
  /// - Throws: `VaultError`; then what was there stays.
  func keep(_ entered: Secret, for key: ConnectionKey) async throws(VaultError) {
    defer { cache.forget(key) }
    try await EnteredKeys(store: dependencies.store, seal: dependencies.seal, clock: dependencies.clock)
      .keep(entered, for: key)
  }

  /// Takes a connection away, here at once and then, where that is offered, at its authorization server. With a login goes
  /// what it was exchanged for.
  ///
  /// - Parameters:
  ///   - key: Whose, where.
  ///   - reason: Who wanted it.
  /// - Returns: Whether there was something to take.
  /// - Throws: `StoreError`; nothing was taken then.
  public func disconnect(_ key: ConnectionKey, because reason: ConnectionReason) async throws(StoreError) -> Bool {
    guard try await end(key, because: reason) else { return false }
    for route in dependencies.settings()?.routes(exchanging: key.route) ?? [] {
      _ = try await end(ConnectionKey(tenant: key.tenant, route: route, owner: key.owner), because: reason)
    }
    return true
  }

  private func end(_ key: ConnectionKey, because reason: ConnectionReason) async throws(StoreError) -> Bool {
    let connection = try await dependencies.store.connection(key)
    guard try await dependencies.store.revokeConnection(key, because: reason) else { return false }
    cache.forget(key)
    if let connection { await takeBack(connection) }
    return true
  }

  /// Takes the tokens of a connection that was ended back where they were issued, where that is offered. Nobody waits for it.
  ///
  /// - Parameter connection: As it was before.
  public func takeBack(_ connection: UpstreamConnection) async {
    guard let giveBack = dependencies.giveBack, !connection.isEntered,
      let tokens = try? await dependencies.seal.open(connection)
    else { return }
    _ = queue.add { [dependencies] in
      let outcome = await giveBack(tokens, connection)
      let key = connection.key
      dependencies.audit.record(
        AuditEvent(
          at: dependencies.clock.now(), action: .credentialReturned, tenant: key.tenant,
          subject: key.owner.user?.string,
          route: key.route.path, reason: outcome == .done ? nil : outcome.rawValue))
    }
  }
}
