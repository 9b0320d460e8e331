import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Who Martlet is at an authorization server: the client of the configuration, the one that its own metadata document
/// describes, or one that was registered. Every secret goes to the issuer that gave it and to nobody else.
///
/// Conforms to: MCP 2026-07-28 Client Registration Approaches; RFC 7591; draft-ietf-oauth-client-id-metadata-document.
public struct UpstreamRegistrar: Sendable {
  /// How old a registration is taken for known at the authorization server without asking.
  private static let youth: Duration = .seconds(600)

  private let store: any ConnectingStore
  private let directory: UpstreamDirectory
  private let sealer: Sealer
  private let clock: any WallClock

  /// - Parameters:
  ///   - store: Where registrations are kept.
  ///   - directory: The configuration of this instant, and a way to ask.
  ///   - sealer: The installation's key: registrations belong to no tenant.
  ///   - clock: Tells the time.
  public init(store: any ConnectingStore, directory: UpstreamDirectory, sealer: Sealer, clock: any WallClock) {
    self.store = store
    self.directory = directory
    self.sealer = sealer
    self.clock = clock
  }

  /// The client to connect with, registered where need be.
  func client(
    at metadata: AuthorizationServerMetadata, for server: VaultServer, asking scope: ScopeSet
  ) async throws(ConnectProblem) -> ClientAuthentication {
    guard case .oauth(let settings) = server.credential else { throw .noRegistration }
    if settings.clientID != nil {
      guard let configured = settings.authentication(at: metadata) else { throw .mistaken }
      return configured
    }
    if let document = document(for: server), metadata.clientIDMetadataDocumentSupported, metadata.admitsPublicClients {
      return .none(clientID: document.id)
    }
    if let known = try await usable(at: metadata, for: server, asking: scope), let client = open(known) {
      let isYoung = clock.now() - known.registeredAt < Self.youth
      let probe = RegistrationProbe(fetcher: directory.fetcher(for: server))
      let isForgotten = isYoung ? false : await probe.isForgotten(known, at: metadata)
      if !isForgotten { return client }
      await forget(clientID: known.clientID, issuer: metadata.issuer, of: server.route.id)
    }
    return try await register(at: metadata, for: server, asking: scope)
  }

  /// The client that a connection was made with; `nil` where it isn't known any more.
  func authentication(
    clientID: String, at metadata: AuthorizationServerMetadata, for server: VaultServer
  ) async throws(StoreError) -> ClientAuthentication? {
    guard case .oauth(let settings) = server.credential else { return nil }
    let wanted = ByteString(clientID)
    if let configured = settings.authentication(at: metadata), ByteString(configured.clientID) == wanted {
      return configured
    }
    if let document = document(for: server), ByteString(document.id) == wanted { return .none(clientID: clientID) }
    let all = try await store.upstreamRegistrations(of: server.route.id, issuer: metadata.issuer)
    return all.first { ByteString($0.clientID) == wanted }.flatMap(open)
  }

  /// Notes that an authorization server doesn't know a client any more: the next one who connects registers anew.
  func forget(clientID: String, issuer: String, of route: RouteID) async {
    try? await store.refuseUpstreamRegistration(of: route, issuer: issuer, clientID: clientID)
  }

  /// Martlet's own metadata document, where authorization servers can fetch it: on https alone.
  func document(for server: VaultServer) -> (id: String, metadata: ClientMetadata)? {
    let origin = directory.current.origin
    guard origin.scheme == .https, let path = server.route.id.connectPath else { return nil }
    return ("\(origin)\(path)/client.json", ownMetadata(for: server, method: ClientAuthenticationMethod.none))
  }

  private func ownMetadata(for server: VaultServer, method: ClientAuthenticationMethod) -> ClientMetadata {
    let origin = directory.current.origin
    var metadata = ClientMetadata(
      redirectURIs: [redirectURI(for: server)], clientName: "Martlet at \(origin.authority)")
    metadata.tokenEndpointAuthMethod = method
    metadata.grantTypes = [.authorizationCode, .refreshToken]
    metadata.responseTypes = ["code"]
    if origin.scheme == .https { metadata.clientURI = origin.string }
    return metadata
  }

  /// Where answers for a server come in; one for each, so that they can't be mixed up (V-071).
  func redirectURI(for server: VaultServer) -> String {
    directory.current.origin.string + (server.route.id.connectPath ?? "/connect") + "/callback"
  }

  private func usable(
    at metadata: AuthorizationServerMetadata, for server: VaultServer, asking scope: ScopeSet
  ) async throws(ConnectProblem) -> UpstreamRegistration? {
    let all: [UpstreamRegistration]
    do {
      all = try await store.upstreamRegistrations(of: server.route.id, issuer: metadata.issuer)
    } catch {
      throw .store(error)
    }
    let (callback, now) = (ByteString(redirectURI(for: server)), clock.now())
    return all.first { own in
      !own.isRefused && ByteString(own.redirectURI) == callback && scope.isSubset(of: own.scope)
        && own.expiresAt.map { $0 > now + .seconds(60) } ?? true && open(own) != nil
    }
  }

  private func register(
    at metadata: AuthorizationServerMetadata, for server: VaultServer, asking scope: ScopeSet
  ) async throws(ConnectProblem) -> ClientAuthentication {
    guard metadata.registrationEndpoint != nil else { throw .noRegistration }
    var wanted = ownMetadata(for: server, method: metadata.preferredMethod)
    wanted.applicationType = directory.current.origin.scheme == .https ? .web : .native
    wanted.scope = scope
    let response: ClientRegistrationResponse
    do {
      response = try await ClientRegistrar(fetcher: directory.fetcher(for: server)).register(
        ClientRegistrationRequest(metadata: wanted), at: metadata)
    } catch {
      switch error {
      case .transient: throw .unreachable
      case .denied(_, let code, _): throw .registrationRefused(PlainText.sanitized(code, limit: 64))
      case .unusable: throw .unusable("registration")
      }
    }
    let registration = try registration(response, at: metadata, for: server, asking: scope)
    do { try await store.addUpstreamRegistration(registration) } catch { throw .store(error) }
    guard let client = open(registration) else { throw .unusable("registration") }
    return client
  }

  private func registration(
    _ response: ClientRegistrationResponse, at metadata: AuthorizationServerMetadata, for server: VaultServer,
    asking scope: ScopeSet
  ) throws(ConnectProblem) -> UpstreamRegistration {
    // A server that answers with a secret and another method, or none, means the secret to be used.
    let chosen = response.metadata.tokenEndpointAuthMethod ?? metadata.preferredMethod
    let method: ClientAuthenticationMethod = response.clientSecret == nil ? .none : chosen
    let place = Self.place(server.route.id, metadata.issuer, response.clientID)
    var sealed: [UInt8]?
    if method.usesSharedSecret, let secret = response.clientSecret {
      do { sealed = try sealer.seal(Array(secret.utf8), in: place) } catch { throw .unusable("sealing") }
    }
    let end = response.clientSecretExpiresAt
    return UpstreamRegistration(
      route: server.route.id, issuer: metadata.issuer, clientID: response.clientID, method: method,
      sealedSecret: sealed, redirectURI: redirectURI(for: server), scope: scope, registeredAt: clock.now(),
      expiresAt: sealed == nil || end <= 0 ? nil : Timestamp(seconds: end))
  }

  private func open(_ registration: UpstreamRegistration) -> ClientAuthentication? {
    guard let sealed = registration.sealedSecret else { return .some(.none(clientID: registration.clientID)) }
    let place = Self.place(registration.route, registration.issuer, registration.clientID)
    guard let secret = try? sealer.open(sealed, in: place) else { return nil }
    return registration.method == .clientSecretPost
      ? .clientSecretPost(clientID: registration.clientID, secret: secret)
      : .clientSecretBasic(clientID: registration.clientID, secret: secret)
  }

  /// A registration's secret, sealed under the master key of now.
  ///
  /// - Throws: `SealError`.
  public static func reseal(_ own: UpstreamRegistration, with sealer: Sealer) throws(SealError) -> [UInt8] {
    let place = place(own.route, own.issuer, own.clientID)
    return try sealer.seal(try sealer.open(own.sealedSecret ?? [], in: place), in: place)
  }

  private static func place(_ route: RouteID, _ issuer: String, _ clientID: String) -> SealContext {
    SealContext(
      tenant: .default, record: "upstream_registration",
      id: Array(route.path.utf8) + [0] + Array(issuer.utf8) + [0] + Array(clientID.utf8), column: "sealed_secret")
  }
}

extension AuthorizationServerMetadata {
  /// Whether clients without a secret may redeem codes, as far as the server says.
  fileprivate var admitsPublicClients: Bool { tokenEndpointAuthMethodsSupported?.contains("none") ?? true }

  /// How Martlet registers to prove itself: with a secret where the server knows how, since Martlet can keep one, and in
  /// the body where it may be: servers of the Python SDK look for the identifier there even beside HTTP Basic.
  fileprivate var preferredMethod: ClientAuthenticationMethod {
    let methods = tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]
    return [.clientSecretPost, .clientSecretBasic].first { methods.contains($0.rawValue) } ?? .none
  }
}
