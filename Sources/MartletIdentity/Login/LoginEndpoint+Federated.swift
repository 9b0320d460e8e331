import MartletDomain
import OAuthProtocol
import StrictCoding

extension LoginEndpoint {
  /// `POST /login/{provider}`: a click leaves for a provider; fields `transaction`, `csrf`.
  ///
  /// - Parameters:
  ///   - provider: The provider's name in the path.
  ///   - request: The request.
  public func leave(for provider: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(request) { visit throws(StoreError) in
      guard let chosen = providers[provider] else { return .page(404, Page(.message(LoginPages.notFound(request.id)))) }
      guard let form = LoginForm(request) else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      let (destination, refusal) = try await self.destination(of: form, for: visit)
      guard let destination else { return refusal }
      guard let (departure, verifier) = departures.prepare(redirectURI: callbackURL(of: provider)) else {
        throw .unavailable("no randomness")
      }
      let url: String
      do throws(ProviderError) {
        url = try await chosen.authorizationURL(for: departure)
      } catch {
        return await failed(error, at: provider, visit, destination)
      }
      try await departures.begin(
        departure, verifier: verifier, provider: provider, issuer: chosen.issuer, visit: visit,
        transaction: destination.transaction)
      return .seeOther(url)
    }
  }

  /// `GET /login/{provider}/callback`: a provider sends a browser back.
  ///
  /// - Parameters:
  ///   - provider: The provider's name in the path.
  ///   - request: The request.
  public func callback(from provider: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(request) { visit throws(StoreError) in
      guard let chosen = providers[provider] else { return .page(404, Page(.message(LoginPages.notFound(request.id)))) }
      guard let parameters = try? FormParameters(parsing: request.query), let state = try? parameters.single("state")
      else { return .page(400, Page(.message(LoginPages.malformed(request.id)))) }
      let login = try await departures.take(state: state)
      guard let login, let verifier = binding(of: login, to: provider, chosen, visit) else {
        if login == nil { record(.loginFailed, visit, nil, status: 403, reason: "state_unknown") }
        return .page(403, Page(.message(LoginPages.endedDeparture(request.id))))
      }
      guard let destination = try await self.destination(login.transaction?.string, for: visit) else {
        record(.loginFailed, visit, nil, status: 403, reason: "transaction_unknown")
        return .page(403, Page(.message(LoginPages.unknownTransaction(request.id))))
      }
      let arrival = ProviderArrival(
        parameters: parameters, nonce: login.nonce, verifier: verifier, redirectURI: callbackURL(of: provider))
      let finished: ProviderLogin
      do throws(ProviderError) {
        finished = try await chosen.login(from: arrival)
      } catch {
        return await failed(error, at: provider, visit, destination)
      }
      return try await admit(finished, from: chosen, named: provider, visit, destination)
    }
  }

  private func callbackURL(of provider: String) -> String { origin.string + "/login/\(provider)/callback" }

  /// The verifier of a login that this browser began for this provider and its present issuer; anything else is
  /// refused.
  private func binding(
    of login: FederatedLogin, to provider: String, _ chosen: any IdentityProvider, _ visit: LoginVisit
  ) -> CodeVerifier? {
    let reason: String
    if visit.newBrowser != nil || !sessions.cookies.browsers(of: visit.request).contains(login.browser) {
      reason = "browser_mismatch"
    } else if ByteString(login.provider) != ByteString(provider) {
      reason = "provider_mismatch"
    } else if let verifier = departures.verifier(of: login, issuer: chosen.issuer) {
      return verifier
    } else {
      reason = "issuer_changed"
    }
    record(.loginFailed, visit, nil, status: 403, reason: reason)
    return nil
  }

  private func admit(
    _ login: ProviderLogin, from provider: any IdentityProvider, named name: String, _ visit: LoginVisit,
    _ destination: LoginDestination
  ) async throws(StoreError) -> EndpointResponse {
    let identity = login.identity
    guard identity.issuer == provider.issuer else {
      record(.loginFailed, visit, destination, status: 403, reason: "issuer_mismatch")
      return .page(403, Page(.message(LoginPages.endedDeparture(visit.request.id))))
    }
    let user = try await collaborators.store.upsertFederatedUser(
      User(
        id: UserID("usr_" + Base64URL.encode(collaborators.random.bytes(16))), tenant: identity.tenant,
        origin: .federated(issuer: identity.issuer, subject: identity.subject), displayName: identity.displayName,
        groups: identity.groups, createdAt: collaborators.clock.now()))
    guard user.disabledAt == nil else {
      record(.loginFailed, visit, destination, user: user, status: 403, reason: "user_disabled")
      return .page(403, Page(.message(LoginPages.disabled(visit.request.id))))
    }
    if let tokens = login.tokens { try await collaborators.loginTokens.keep(tokens, of: user, from: name) }
    return try await open(for: user, visit, destination, lifetime: provider.sessionLifetime, by: "provider")
  }

  private func failed(
    _ error: ProviderError, at provider: String, _ visit: LoginVisit, _ destination: LoginDestination
  ) async -> EndpointResponse {
    switch error {
    case .unavailable(let reason):
      record(.loginFailed, visit, destination, status: 503, reason: "provider_unavailable:\(reason)")
      return await page(503, visit, destination, problem: LoginPages.unavailable(provider))
        .adding("retry-after", "30")
    case .cancelled:
      record(.loginFailed, visit, destination, status: 403, reason: "cancelled")
      return await page(403, visit, destination, problem: LoginPages.cancelled(provider))
    case .refused(let code):
      record(.loginFailed, visit, destination, status: 403, reason: "provider_refused:\(code)")
      return await page(403, visit, destination, problem: LoginPages.untrusted(provider, visit.request.id))
    case .untrusted(let reason):
      record(.loginFailed, visit, destination, status: 403, reason: reason)
      return await page(403, visit, destination, problem: LoginPages.untrusted(provider, visit.request.id))
    case .noTenant(let reason):
      record(.loginFailed, visit, destination, status: 403, reason: reason)
      return .page(403, Page(.message(LoginPages.noTenant(provider, visit.request.id))))
    }
  }
}
