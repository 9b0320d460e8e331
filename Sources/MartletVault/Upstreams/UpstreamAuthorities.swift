import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Finds whom to ask for a connection's tokens, and as whom: by the configuration of this instant.
public struct UpstreamAuthorities: Sendable {
  private let directory: UpstreamDirectory
  private let registrar: UpstreamRegistrar

  /// - Parameters:
  ///   - directory: What is known of authorization servers.
  ///   - registrar: Who Martlet is there.
  public init(directory: UpstreamDirectory, registrar: UpstreamRegistrar) {
    self.directory = directory
    self.registrar = registrar
  }

  /// Whom to ask for a connection's tokens.
  public func authority(of connection: UpstreamConnection) async -> UpstreamAuthority {
    // It may come back, with everything as it was.
    guard let server = directory.server(connection.key.route) else { return .unreachable }
    let metadata: AuthorizationServerMetadata
    do {
      metadata = try await directory.metadata(of: connection.issuer, for: server)
    } catch {
      return .unreachable
    }
    let client: UpstreamClient?
    do {
      client = try await self.client(of: connection, at: metadata, server)
    } catch {
      return .unreachable
    }
    guard let client else { return .noClient }
    return .known(metadata, directory.tokens(for: server), client)
  }

  /// Gives tokens back to the authorization server that issued them, where it offers that.
  public func giveBack(_ tokens: UpstreamTokens, of connection: UpstreamConnection) async -> TokenReturn {
    guard case .known(let metadata, let way, let client) = await authority(of: connection),
      ByteString(metadata.issuer) == ByteString(connection.issuer)
    else { return .failed }
    guard metadata.revocationEndpoint != nil else { return .notOffered }
    let isRefreshToken = tokens.refreshToken != nil
    let token = ByteString((tokens.refreshToken ?? tokens.accessToken).expose()).string
    let isDone = try? await way.revoke(token, isRefreshToken: isRefreshToken, at: metadata, as: client.authentication)
    return isDone ?? false ? .done : .failed
  }

  private func client(
    of connection: UpstreamConnection, at metadata: AuthorizationServerMetadata, _ server: VaultServer
  ) async throws -> UpstreamClient? {
    let resource = server.sendsResource ? connection.resource ?? server.url.string : nil
    switch server.credential {
    case .none, .header, .ownKey: return nil
    case .clientCredentials(let settings):
      guard ByteString(settings.issuer) == ByteString(connection.issuer) else { return nil }
      return UpstreamClient(
        authentication: settings.authentication(at: metadata), resource: resource,
        renewal: .clientCredentials(settings.scopes))
    case .tokenExchange(let settings):
      guard ByteString(settings.authority.issuer) == ByteString(connection.issuer) else { return nil }
      var exchange = LoginExchange(settings: settings)
      if settings.grant == .assertion {
        let provider = try await directory.metadata(of: settings.login.issuer, for: server)
        exchange.provider = (provider, settings.login.authentication(at: provider))
      }
      return UpstreamClient(
        authentication: settings.authority.authentication(at: metadata), resource: resource,
        renewal: .tokenExchange(exchange))
    case .oauth:
      let known = try await registrar.authentication(clientID: connection.clientID, at: metadata, for: server)
      return known.map { UpstreamClient(authentication: $0, resource: resource) }
    }
  }
}

extension ClientCredentialsSettings {
  /// How Martlet proves itself there.
  func authentication(at metadata: AuthorizationServerMetadata) -> ClientAuthentication {
    switch proof {
    case .key(let signer): .privateKeyJWT(clientID: clientID, signer: signer)
    case .secret(let secret, let method): metadata.authentication(clientID: clientID, secret: secret, by: method)
    }
  }
}

extension TokenExchangeSettings.Party {
  /// How Martlet proves itself there.
  func authentication(at metadata: AuthorizationServerMetadata) -> ClientAuthentication {
    guard let clientSecret else { return .none(clientID: clientID) }
    return metadata.authentication(clientID: clientID, secret: clientSecret, by: secretMethod)
  }
}

extension OAuthConnectionSettings {
  /// How Martlet proves itself there as the configured client; the secret goes to the configured issuer alone.
  func authentication(at metadata: AuthorizationServerMetadata) -> ClientAuthentication? {
    guard let clientID else { return nil }
    if let issuer, ByteString(issuer) != ByteString(metadata.issuer) { return nil }
    guard let clientSecret else { return .some(.none(clientID: clientID)) }
    return issuer == nil ? nil : metadata.authentication(clientID: clientID, secret: clientSecret, by: secretMethod)
  }
}

extension AuthorizationServerMetadata {
  /// How a client with a secret proves itself: as it is configured, else by Basic unless only the body is offered
  /// (RFC 8414 §2).
  func authentication(
    clientID: String, secret: Secret, by method: ClientAuthenticationMethod?
  ) -> ClientAuthentication {
    let methods = tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"]
    let isPostAlone = !methods.contains("client_secret_basic") && methods.contains("client_secret_post")
    if method == .clientSecretPost || (method == nil && isPostAlone) {
      return .clientSecretPost(clientID: clientID, secret: secret.expose())
    }
    return .clientSecretBasic(clientID: clientID, secret: secret.expose())
  }
}
