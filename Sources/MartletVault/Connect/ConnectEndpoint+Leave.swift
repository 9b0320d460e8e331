import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

extension ConnectEndpoint {
  /// How long somebody may be away.
  static let absence: Duration = .seconds(600)
  /// How many departures of a user are kept.
  private static let departures = 20

  /// `POST /connect/{server}`: a click leaves for the authorization server; fields `ticket`, `csrf`.
  public func leave(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(name, request) { visit throws(StoreError) in
      guard let form = ConnectForm(request) else { return .page(400, Page(.message(ConnectPages.malformed(visit)))) }
      guard isOurs(form, visit) else { return .page(403, Page(.message(ConnectPages.staleForm(visit)))) }
      if let refusal = refusal(of: form.ticket, visit) { return refusal }
      if visit.server.credential.ownKey != nil { return try await keep(form, visit) }
      if visit.server.credential.tokenExchange != nil { return try await page(400, visit, ticket: nil) }
      let departure: (pending: PendingConnection, url: String)
      do throws(ConnectProblem) {
        departure = try await prepare(visit)
      } catch {
        return failed(error, visit)
      }
      var ticket: ConnectTicket?
      if let text = form.ticket, case .good(let read) = collaborators.tickets.read(text, for: visit.key) {
        ticket = read
      }
      let isFirst = try await collaborators.store.beginConnecting(
        departure.pending, spending: ticket, capacity: Self.departures)
      guard isFirst else { return .page(409, Page(.message(ConnectPages.usedLink(visit)))) }
      note(.connectionRequested, visit)
      return .seeOther(departure.url)
    }
  }

  /// `POST /connect/{server}/disconnect`: takes the account away; field `csrf`.
  public func disconnect(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(name, request) { visit throws(StoreError) in
      guard let form = ConnectForm(request) else { return .page(400, Page(.message(ConnectPages.malformed(visit)))) }
      guard isOurs(form, visit) else { return .page(403, Page(.message(ConnectPages.staleForm(visit)))) }
      if try await collaborators.vault.disconnect(visit.key, because: .disconnected) {
        note(.connectionRevoked, visit, reason: ConnectionReason.disconnected.rawValue)
      }
      return .seeOther("/account")
    }
  }

  private func isOurs(_ form: ConnectForm, _ visit: ConnectVisit) -> Bool {
    collaborators.forms.accepts(
      form.csrf, purpose: Self.purpose, transaction: visit.path, browser: visit.browser)
  }

  /// Everything that a departure needs; Martlet is registered where need be, and nothing else has happened yet.
  private func prepare(_ visit: ConnectVisit) async throws(ConnectProblem) -> (PendingConnection, url: String) {
    let place = try await collaborators.discovery.place(of: visit.server)
    let stored: UpstreamConnection?
    do { stored = try await collaborators.store.connection(visit.key) } catch { throw .store(error) }
    let asked = place.scopesToAsk(after: stored, settings: visit.server.oauth)
    if let stored, stored.ledger.reason == .clientRefused {
      await collaborators.registrar.forget(
        clientID: stored.clientID, issuer: stored.issuer, of: visit.server.route.id)
    }
    let client = try await collaborators.registrar.client(at: place.metadata, for: visit.server, asking: asked)
    guard let verifier = CodeVerifier(random: collaborators.random.bytes(32)) else { throw .unusable("randomness") }
    let value = ArtefactKind.connectState.mint(collaborators.random)
    let state = ArtefactKind.connectState.digest(value)
    let issuer = place.metadata.issuer
    let sealed: [UInt8]
    do {
      sealed = try collaborators.sealer.seal(verifier.value.bytes, in: Self.place(state, visit.key, issuer))
    } catch {
      throw .unusable("sealing")
    }
    let pending = PendingConnection(
      state: state, key: visit.key, browser: visit.browser, issuer: issuer, clientID: client.clientID, scope: asked,
      resource: place.resource, sealedVerifier: sealed, expiresAt: collaborators.clock.now() + Self.absence)
    return (pending, url(of: pending, to: place, state: value, CodeChallenge(verifier), visit.server))
  }

  /// The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1).
  private func url(
    of pending: PendingConnection, to place: UpstreamPlace, state: Secret, _ challenge: CodeChallenge,
    _ server: VaultServer
  ) -> String {
    var parameters = [
      ("response_type", "code"), ("client_id", pending.clientID),
      ("redirect_uri", collaborators.registrar.redirectURI(for: server)),
      ("state", ByteString(state.expose()).string), ("code_challenge", challenge.description),
      ("code_challenge_method", "S256"),
    ]
    if !pending.scope.isEmpty { parameters.append(("scope", pending.scope.string)) }
    if let resource = pending.resource { parameters.append(("resource", resource)) }
    let extra = server.oauth.extraParameters
    parameters += extra.map { ($0.name, $0.value) }
    // OpenID Connect Core §11: offline access is granted after a prompt for consent alone.
    if pending.scope.contains("offline_access"), !extra.contains(where: { ByteString($0.name) == "prompt" }) {
      parameters.append(("prompt", "consent"))
    }
    let endpoint = place.authorizationEndpoint
    let separator = endpoint.query == nil ? "?" : endpoint.query == "" ? "" : "&"
    return endpoint.string + separator + FormParameters.encode(parameters)
  }

  /// Where a verifier belongs: it opens for this departure to this issuer alone (V-071).
  static func place(_ state: ArtefactDigest, _ key: ConnectionKey, _ issuer: String) -> SealContext {
    SealContext(
      tenant: key.tenant, record: "pending_connection", id: state.bytes + Array(issuer.utf8), column: "sealed_verifier")
  }
}

/// The fields of a form on these pages; whatever isn't one is refused as a whole.
struct ConnectForm: Sendable {
  let csrf: String
  let ticket: String?
  /// A key that was typed.
  let key: Secret?

  init?(_ request: EndpointRequest) {
    guard MediaType.isForm(request.header("content-type")), let fields = try? FormParameters(parsing: request.body)
    else { return nil }
    do {
      csrf = try fields.single("csrf") ?? ""
      let named = try fields.single("ticket") ?? ""
      ticket = named.isEmpty ? nil : named
      key = try fields.single("key").map { Secret($0) }
    } catch {
      return nil
    }
  }
}
