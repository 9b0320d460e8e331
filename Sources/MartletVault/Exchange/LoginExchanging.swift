import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Gets a server's token for a user who is logged in at an identity provider.
///
/// Conforms to: RFC 8693 §2; RFC 7523 §2.1; draft-ietf-oauth-identity-assertion-authz-grant.
struct LoginExchanging {
  let logins: LoginTokens
  let exchange: LoginExchange
  let server: AuthorizationServerMetadata
  let tokens: TokenClient
  let client: UpstreamClient

  func redeem(_ connection: UpstreamConnection) async -> RefreshAnswer {
    let settings = exchange.settings
    let login: ExchangeableToken
    switch await logins.token(for: settings, of: connection.key) {
    case .ready(let token): login = token
    case .loginNeeded: return .refused
    case .unavailable: return .passing(.issuerUnavailable, mayBeSpent: false)
    }
    do throws(TokenClientError) {
      var answer: TokenResponse
      switch settings.grant {
      case .exchange:
        answer = try await tokens.exchange(
          subject: login, for: .accessToken, audience: settings.audience, scope: settings.scopes,
          resource: client.resource, at: server, as: client.authentication)
      case .assertion:
        guard let provider = exchange.provider else { return .passing(.issuerUnavailable, mayBeSpent: false) }
        let assertion = try await tokens.exchange(
          subject: login, for: .identityAssertion, audience: settings.audience ?? server.issuer, scope: settings.scopes,
          resource: client.resource, at: provider.metadata, as: provider.authentication)
        return await redeem(assertion)
      }
      // Nobody would redeem one: the next token is exchanged anew.
      answer.refreshToken = nil
      return .issued(answer)
    } catch {
      return Self.reading(error)
    }
  }

  /// What the identity provider vouched for isn't believed: nothing that the user could mend by logging in again.
  private func redeem(_ assertion: TokenResponse) async -> RefreshAnswer {
    do {
      var answer = try await tokens.redeem(
        assertion: assertion.accessToken, resource: client.resource, at: server, as: client.authentication)
      answer.refreshToken = nil
      return .issued(answer)
    } catch {
      let answer = OAuthRefreshExchange.reading(error)
      if case .refused = answer { return .passing(.clientRefused, mayBeSpent: false) }
      return answer
    }
  }

  /// A refused login is told as `invalid_request` (RFC 8693 §2.2.2), and by some as `invalid_grant`, or as a login that
  /// isn't strong enough (RFC 9470 §3).
  private static func reading(_ error: TokenClientError) -> RefreshAnswer {
    switch error {
    case .denied(.invalidRequest, _, _), .denied(.invalidGrant, _, _), .denied(.invalidToken, _, _): .refused
    case .denied(_, let code, _) where ByteString(code) == "insufficient_user_authentication": .refused
    default: OAuthRefreshExchange.reading(error)
    }
  }
}
