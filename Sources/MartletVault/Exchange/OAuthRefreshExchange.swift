import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// How Martlet presents itself where a connection's tokens come from.
public struct UpstreamClient: Sendable {
  /// Martlet's registration there.
  public var authentication: ClientAuthentication
  /// The resource indicator, where the server wants one (A8 lists those that refuse it).
  public var resource: String?

  /// Describes it.
  public init(authentication: ClientAuthentication, resource: String?) {
    self.authentication = authentication
    self.resource = resource
  }
}

/// Redeems refresh tokens at OAuth authorization servers.
///
/// Conforms to: RFC 6749 §6; RFC 8707 §2.2; protocol.md A8, T9, T10.
public struct OAuthRefreshExchange: RefreshExchange {
  /// A token request: an answer that comes late still holds the only copy of the next refresh token.
  public static let limits = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 30)

  private let metadata: IssuerMetadataCache
  private let tokens: TokenClient
  private let client: @Sendable (UpstreamConnection) async -> UpstreamClient?

  /// - Parameters:
  ///   - metadata: What is known of authorization servers.
  ///   - tokens: Sends token requests within `limits`.
  ///   - client: Martlet's registration for a connection; `nil` where there is none any more.
  public init(
    metadata: IssuerMetadataCache, tokens: TokenClient,
    client: @escaping @Sendable (UpstreamConnection) async -> UpstreamClient?
  ) {
    self.metadata = metadata
    self.tokens = tokens
    self.client = client
  }

  /// See `RefreshExchange`.
  public func redeem(_ refreshToken: Secret, for connection: UpstreamConnection) async -> RefreshAnswer {
    guard let client = await client(connection),
      ByteString(client.authentication.clientID) == ByteString(connection.clientID)
    else { return .passing(.clientRefused, mayBeSpent: false) }
    let server: AuthorizationServerMetadata
    do {
      server = try await metadata.metadata(issuer: connection.issuer)
    } catch {
      return .passing(.issuerUnavailable, mayBeSpent: false)
    }
    guard ByteString(server.issuer) == ByteString(connection.issuer) else {
      return .passing(.issuerAnswer, mayBeSpent: false)
    }
    do {
      let answer = try await tokens.refresh(
        ByteString(refreshToken.expose()).string, resource: client.resource, at: server, as: client.authentication)
      return .issued(answer)
    } catch {
      return Self.reading(error)
    }
  }

  private static func reading(_ error: TokenClientError) -> RefreshAnswer {
    switch error {
    case .denied(.invalidGrant, _, _): .refused
    case .denied(.invalidClient, _, _), .denied(.unauthorizedClient, _, _):
      .passing(.clientRefused, mayBeSpent: false)
    case .denied: .passing(.issuerAnswer, mayBeSpent: false)
    case .transient(let fetch): .passing(.issuerUnavailable, mayBeSpent: mayHaveArrived(fetch))
    case .unusable: .passing(.issuerAnswer, mayBeSpent: true)
    }
  }

  private static func mayHaveArrived(_ error: FetchError) -> Bool {
    switch error {
    case .blocked, .unresolvable, .tlsFailed, .saturated: false
    case .connectionFailed, .timedOut, .malformedResponse, .tooLarge, .unexpectedStatus, .notJSON: true
    }
  }
}
