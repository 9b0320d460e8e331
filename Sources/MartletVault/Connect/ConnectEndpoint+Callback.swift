import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

extension ConnectEndpoint {
  /// `GET /connect/{server}/callback`: an authorization server sends a browser back.
  ///
  /// Conforms to: RFC 6749 §4.1.2; RFC 9207 §2.4; RFC 9700 §4.4, §4.7.
  public func callback(_ name: String, _ request: EndpointRequest) async -> EndpointResponse {
    await answer(name, request) { visit throws(StoreError) in
      guard let parameters = try? FormParameters(parsing: request.query),
        let state = try? parameters.single("state"), let digest = ArtefactKind.connectState.digest(state.utf8)
      else { return .page(400, Page(.message(ConnectPages.malformed(visit)))) }
      // Spent whoever brings it.
      let pending = try await collaborators.store.takePendingConnection(digest, at: collaborators.clock.now())
      guard let pending, isBound(pending, to: visit) else {
        note(.connectionRefused, visit, reason: pending == nil ? "state_unknown" : "state_foreign")
        return .page(403, Page(.message(ConnectPages.endedDeparture(visit))))
      }
      do throws(ConnectProblem) {
        let connection = try await connect(pending, parameters, visit)
        note(.connectionEstablished, visit, reason: connection.isPartial ? "partial" : nil)
        return .seeOther(visit.path)
      } catch {
        return failed(error, visit)
      }
    }
  }

  private func isBound(_ pending: PendingConnection, to visit: ConnectVisit) -> Bool {
    pending.key == visit.key && pending.browser == visit.browser
  }

  private func connect(
    _ pending: PendingConnection, _ parameters: FormParameters, _ visit: ConnectVisit
  ) async throws(ConnectProblem) -> UpstreamConnection {
    let metadata: AuthorizationServerMetadata
    do {
      metadata = try await collaborators.directory.metadata(of: pending.issuer, for: visit.server)
    } catch {
      throw .unreachable
    }
    let code = try await code(in: parameters, of: pending, at: metadata)
    let known: ClientAuthentication?
    do {
      known = try await collaborators.registrar.authentication(
        clientID: pending.clientID, at: metadata, for: visit.server)
    } catch {
      throw .store(error)
    }
    let place = Self.place(pending.state, pending.key, pending.issuer)
    guard let known, let bytes = try? collaborators.sealer.open(pending.sealedVerifier, in: place),
      let verifier = try? CodeVerifier(ByteString(bytes).string)
    else { throw .mistaken }
    let opening = ConnectionOpening(
      key: pending.key, metadata: metadata, tokens: collaborators.directory.tokens(for: visit.server),
      authentication: known, code: code, redirectURI: collaborators.registrar.redirectURI(for: visit.server),
      verifier: verifier, asked: pending.scope, resource: pending.resource)
    switch await collaborators.vault.establish(opening) {
    case .success(let connection): return connection
    case .failure(let problem):
      await forgetClient(after: problem, pending)
      throw problem
    }
  }

  /// The code, of an answer that is the asked authorization server's: `iss` comes first, so that neither a code nor an
  /// error of another is believed.
  private func code(
    in parameters: FormParameters, of pending: PendingConnection, at metadata: AuthorizationServerMetadata
  ) async throws(ConnectProblem) -> String {
    let response: AuthorizationResponse
    do { response = try AuthorizationResponse(parsing: parameters) } catch { throw .unusable("authorization_response") }
    let named: String?
    switch response {
    case .success(_, _, let issuer), .failure(_, _, let issuer): named = issuer
    }
    if let named {
      guard ByteString(named) == ByteString(pending.issuer) else { throw .mistaken }
    } else if metadata.authorizationResponseIssParameterSupported {
      throw .mistaken
    }
    switch response {
    case .success(let code, _, _): return code
    case .failure(let error, _, _):
      let problem: ConnectProblem =
        error.code == .accessDenied
        ? .declined : .refused(PlainText.sanitized((try? parameters.single("error")) ?? "", limit: 64))
      await forgetClient(after: problem, pending)
      throw problem
    }
  }

  /// A registration that its server doesn't know any more isn't used again.
  private func forgetClient(after problem: ConnectProblem, _ pending: PendingConnection) async {
    guard case .refused(let code) = problem, ["invalid_client", "unauthorized_client"].contains(code) else { return }
    await collaborators.registrar.forget(
      clientID: pending.clientID, issuer: pending.issuer, of: pending.key.route)
  }
}

extension UpstreamConnection {
  /// Whether less was granted than asked for.
  var isPartial: Bool { !scopes.asked.isSubset(of: scope) }
}
