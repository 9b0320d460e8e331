import MartletDomain
import OAuthProtocol
import StrictCoding

/// Loads a pending authorization and checks it all once more: browser, what was stored, login, client, redirect URI,
/// route.
struct ConsentRequestLoader: Sendable {
  let clients: any ClientDirectory
  let authorizations: any AuthorizationStore
  let login: CurrentLogin
  let clock: any WallClock

  /// Loads a transaction.
  ///
  /// - Parameters:
  ///   - transaction: Its id as presented.
  ///   - browser: The browser that the request came from.
  ///   - request: The request, for its login cookie.
  ///   - settings: The configuration of this instant.
  func load(
    _ transaction: TransactionID, in browser: BrowserIdentity, _ request: EndpointRequest,
    _ settings: AuthorizationServerSettings
  ) async throws(ConsentInterruption) -> ConsentRequest {
    let pending = try await pending(transaction, in: browser)
    let user = try await stored { () async throws(StoreError) in
      try await login.user(of: request, in: browser.names)
    }
    guard let user else {
      throw .login(AuthorizationFlow.nextStep(of: pending.id, user: nil))
    }
    await noteLogin(for: pending)
    do throws(PageRefusal) {
      return try await review(pending, user, browser.digest, settings)
    } catch {
      throw .page(error)
    }
  }

  /// From here on no stranger can push the transaction out. Where that can't be stored now, it is as before.
  private func noteLogin(for pending: PendingAuthorization) async {
    guard pending.loggedInAt == nil else { return }
    do {
      try await authorizations.noteLogin(
        for: pending.id, at: clock.now(), capacity: AuthorizationTransaction.capacity)
    } catch {
      return
    }
  }

  /// The rules of `/authorize` once more, against client and configuration as they are now.
  private func review(
    _ pending: PendingAuthorization, _ user: User, _ browser: ArtefactDigest, _ settings: AuthorizationServerSettings
  ) async throws(PageRefusal) -> ConsentRequest {
    let client = try await ClientCheck(clients: clients).client(pending.client)
    let returnAddress = try RedirectURICheck(settings: settings).returnAddress(
      presented: pending.redirectURIWasSent ? pending.redirectURI : nil, state: pending.state, client: client)
    guard ByteString(returnAddress.redirectURI.string) == ByteString(pending.redirectURI) else {
      throw .unknownRedirect(reason: "redirect_uri_changed")
    }
    do {
      try GrantTypeCheck.check(client)
    } catch {
      throw .unknownClient(reason: error.code.rawValue)
    }
    let choices = try Self.choices(pending, client, user, settings.routes)
    return ConsentRequest(
      pending: pending, browser: browser, user: user, client: client, returnAddress: returnAddress, choices: choices)
  }

  private func pending(
    _ transaction: TransactionID, in browser: BrowserIdentity
  ) async throws(ConsentInterruption) -> PendingAuthorization {
    let found = try await stored { () async throws(StoreError) in
      try await authorizations.pendingAuthorization(transaction, at: clock.now())
    }
    guard let pending = found, pending.expiresAt > clock.now() else { throw .page(.expired) }
    guard browser.names.contains(pending.browser) else { throw .page(.foreignBrowser) }
    guard AuthorizationTransaction.isUnaltered(pending) else { throw .page(.altered) }
    return pending
  }

  private static func choices(
    _ pending: PendingAuthorization, _ client: RegisteredClient, _ user: User, _ directory: RouteDirectory
  ) throws(PageRefusal) -> [ProtectedRoute] {
    let permission = RoutePermission(client: client, routes: directory)
    let asked =
      pending.route.map { id in [directory.route(id)].compactMap { $0 }.filter(permission.covers) }
      ?? permission.routes
    let admitted = asked.filter { permission.covers($0, for: user.tenant) }
    guard !admitted.isEmpty else { throw .noAccess(server: pending.route == nil ? nil : asked.first?.displayName) }
    return admitted
  }

  private func stored<Value>(
    _ read: () async throws(StoreError) -> Value
  ) async throws(ConsentInterruption) -> Value {
    do {
      return try await read()
    } catch {
      throw .page(.unavailable(error))
    }
  }
}
