import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Redeems refresh tokens at OAuth authorization servers.
///
/// Conforms to: RFC 6749 §6; RFC 8707 §2.2; protocol.md A8, T9, T10.
public struct OAuthRefreshExchange: RefreshExchange {
  /// A token request: an answer that comes late still holds the only copy of the next refresh token.
  public static let limits = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 30)

  private let logins: LoginTokens?
  private let authority: @Sendable (UpstreamConnection) async -> UpstreamAuthority

  /// - Parameters:
  ///   - logins: What can be exchanged.
  ///   - authority: Whom to ask for a connection's tokens.
  public init(
    logins: LoginTokens? = nil, authority: @escaping @Sendable (UpstreamConnection) async -> UpstreamAuthority
  ) {
    self.logins = logins
    self.authority = authority
  }

  /// See `RefreshExchange`.
  public func redeem(_ refreshToken: Secret, for connection: UpstreamConnection) async -> RefreshAnswer {
    let (server, tokens, client): (AuthorizationServerMetadata, TokenClient, UpstreamClient)
    switch await authority(connection) {
    case .known(let found, let way, let own): (server, tokens, client) = (found, way, own)
    case .noClient: return .passing(.clientRefused, mayBeSpent: false)
    case .unreachable: return .passing(.issuerUnavailable, mayBeSpent: false)
    }
    guard ByteString(client.authentication.clientID) == ByteString(connection.clientID) else {
      return .passing(.clientRefused, mayBeSpent: false)
    }
    guard ByteString(server.issuer) == ByteString(connection.issuer) else {
      return .passing(.issuerAnswer, mayBeSpent: false)
    }
    do {
      switch client.renewal {
      case .refreshToken:
        return .issued(
          try await tokens.refresh(
            ByteString(refreshToken.expose()).string, resource: client.resource, at: server, as: client.authentication))
      case .clientCredentials(let scope):
        var answer = try await tokens.clientCredentials(
          scope: scope, resource: client.resource, at: server, as: client.authentication)
        // There is none (RFC 6749 §4.4.3), and nobody would redeem it.
        answer.refreshToken = nil
        return .issued(answer)
      case .tokenExchange(let exchange):
        guard let logins else { return .passing(.clientRefused, mayBeSpent: false) }
        return await LoginExchanging(
          logins: logins, exchange: exchange, server: server, tokens: tokens, client: client
        ).redeem(connection)
      }
    } catch {
      let answer = Self.reading(error)
      if case .refused = answer, case .clientCredentials = client.renewal {
        return .passing(.clientRefused, mayBeSpent: false)
      }
      return answer
    }
  }

  static func reading(_ error: TokenClientError) -> RefreshAnswer {
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
