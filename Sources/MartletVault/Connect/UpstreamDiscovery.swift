import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// Finds the authorization server of a server behind Martlet: from the configuration, from the server's protected
/// resource metadata, or, for servers of 2025-03-26, at the server's own origin.
///
/// Conforms to: MCP 2026-07-28 Authorization Server Discovery; MCP 2025-03-26 Authorization §2.3.
public final class UpstreamDiscovery: Sendable {
  private struct Entry {
    let place: UpstreamPlace
    let fingerprint: String
    let foundAt: Timestamp
  }

  /// How long what a server said is believed; its authorization server's metadata has its own time.
  private static let freshness: Duration = .seconds(60)
  private static let probe: JSONObject = ["jsonrpc": "2.0", "id": "martlet-discovery", "method": "ping"]

  private let directory: UpstreamDirectory
  private let clock: any WallClock
  private let entries = Mutex<[RouteID: Entry]>([:])

  /// - Parameters:
  ///   - directory: What is known of authorization servers.
  ///   - clock: Tells the time.
  public init(directory: UpstreamDirectory, clock: any WallClock) {
    self.directory = directory
    self.clock = clock
  }

  func place(of server: VaultServer) async throws(ConnectProblem) -> UpstreamPlace {
    let fingerprint = "\(server.url) \(server.configuredIssuer ?? "") \(server.sendsResource) \(server.credential)"
    let now = clock.now()
    let known = entries.withLock { $0[server.route.id] }
    if let known, known.fingerprint == fingerprint, now - known.foundAt < Self.freshness { return known.place }
    let place = try await find(server)
    entries.withLock { $0[server.route.id] = Entry(place: place, fingerprint: fingerprint, foundAt: now) }
    return place
  }

  private func find(_ server: VaultServer) async throws(ConnectProblem) -> UpstreamPlace {
    guard case .oauth(let settings) = server.credential else { throw .noAuthorizationServer }
    // What the operator wrote down whole needs no word of the server.
    if let issuer = settings.issuer, settings.endpoints != nil || settings.scopes != nil {
      let metadata = try await metadata(of: issuer, for: server)
      return try place(metadata, server, resource: nil, scopes: settings.scopes ?? ScopeSet())
    }
    let said = try await word(of: server)
    let scopes = settings.scopes ?? said.challenged ?? ScopeSet(said.metadata?.scopesSupported ?? [])
    if let issuer = settings.issuer {
      return try place(try await metadata(of: issuer, for: server), server, resource: said.metadata, scopes: scopes)
    }
    guard let resource = said.metadata else {
      return try place(try await metadataAtOrigin(of: server), server, resource: nil, scopes: scopes)
    }
    return try place(try await firstUsable(resource, server), server, resource: resource, scopes: scopes)
  }

  private func place(
    _ metadata: AuthorizationServerMetadata, _ server: VaultServer, resource: ProtectedResourceMetadata?,
    scopes: ScopeSet
  ) throws(ConnectProblem) -> UpstreamPlace {
    guard let text = metadata.authorizationEndpoint, let endpoint = try? AbsoluteURL(parsing: text),
      endpoint.fragment == nil
    else { throw .unusable("authorization_endpoint") }
    guard metadata.tokenEndpoint != nil else { throw .unusable("token_endpoint") }
    return UpstreamPlace(
      metadata: metadata, authorizationEndpoint: endpoint,
      resource: server.sendsResource ? resource?.resource ?? server.url.string : nil, scopes: scopes)
  }

  /// What the server itself says: the scope of its challenge, and its metadata where it has any.
  private func word(
    of server: VaultServer
  ) async throws(ConnectProblem) -> (challenged: ScopeSet?, metadata: ProtectedResourceMetadata?) {
    let fetcher = directory.fetcher(for: server)
    let body = RequestBody(
      contentType: "application/json", accept: "application/json, text/event-stream",
      bytes: JSONWriter.write(.object(Self.probe)))
    // A server that answers nothing of use may still have metadata.
    let answer = try? await fetcher.post(server.url, body: body, headers: [], limits: .metadata)
    let fields = (answer?.headers ?? []).filter { ASCIICase.lowercased($0.name) == "www-authenticate" }.map(\.value)
    let challenge = BearerChallenge(fields: fields)
    let named = challenge?.resourceMetadata.flatMap { try? AbsoluteURL(parsing: $0) }
    do {
      let metadata = try await MetadataDiscovery(fetcher: fetcher).protectedResource(
        covering: server.url, namedAt: named)
      return (challenge?.scope, metadata)
    } catch .notFound {
      return (challenge?.scope, nil)
    } catch {
      throw Self.reading(error)
    }
  }

  /// The first authorization server that can be used; servers may name several.
  private func firstUsable(
    _ resource: ProtectedResourceMetadata, _ server: VaultServer
  ) async throws(ConnectProblem) -> AuthorizationServerMetadata {
    var trouble = ConnectProblem.noAuthorizationServer
    for issuer in resource.authorizationServers.prefix(3) {
      do { return try await metadata(of: issuer, for: server) } catch { trouble = error }
    }
    throw trouble
  }

  /// Servers of 2025-03-26 are their own authorization server.
  private func metadataAtOrigin(of server: VaultServer) async throws(ConnectProblem) -> AuthorizationServerMetadata {
    var trouble = ConnectProblem.noAuthorizationServer
    for issuer in [server.url.origin.string, server.url.origin.string + "/"] {
      do throws(ConnectProblem) { return try await metadata(of: issuer, for: server) } catch {
        if error != .noAuthorizationServer { trouble = error }
      }
    }
    throw trouble
  }

  private func metadata(
    of issuer: String, for server: VaultServer
  ) async throws(ConnectProblem) -> AuthorizationServerMetadata {
    do { return try await directory.metadata(of: issuer, for: server) } catch { throw Self.reading(error) }
  }

  private static func reading(_ error: DiscoveryError) -> ConnectProblem {
    switch error {
    case .unavailable(.blocked): .blocked
    case .unavailable: .unreachable
    case .notFound: .noAuthorizationServer
    case .invalidIdentifier: .unusable("identifier")
    case .identifierMismatch: .unusable("speaks_for_another")
    case .noPKCE: .unusable("no_pkce")
    case .malformed: .unusable("malformed")
    case .insecureEndpoint(let name): .unusable("insecure_\(name)")
    }
  }
}
