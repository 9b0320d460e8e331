import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import OAuthProtocol
import StrictCoding

/// Proves who calls the admin API. API keys don't open it, so no key makes another; tokens for MCP routes don't
/// either, so no MCP server or client that holds one gets keys by it (V-067).
struct APIAuthenticator: Sendable {
  let adminTokens: AdminTokens
  let accessTokens: AccessTokenVerifier
  let users: any UserStore
  let clock: any WallClock
  /// Where the metadata is that says how to get a token.
  let metadata: @Sendable () -> String

  /// Proves the caller.
  func authenticate(_ request: EndpointRequest) async throws(APIProblem) -> APICaller {
    guard case .bearer(let token)? = try? AuthorizationHeader.parse(request.values("authorization")) else {
      throw refusal(request.values("authorization").isEmpty ? "no_credential" : "malformed_credential")
    }
    if KeyText.isClaimed(by: token.bytes) {
      do { return APICaller(try await adminTokens.verify(token, from: request.address)) } catch {
        switch error {
        case .tooManyGuesses(let seconds):
          throw APIProblem(429, "too_many_attempts", error.description, retryAfter: seconds)
        case .store: throw .unavailable
        case .notAccepted(let reason): throw refusal(reason)
        case .invalidLifetime, .invalidIdleLimit, .invalidTenant, .unknown: throw refusal("unknown_bearer")
        }
      }
    }
    return APICaller(try await user(token))
  }

  private func user(_ token: ByteString) async throws(APIProblem) -> User {
    let principal: Principal
    do { principal = try accessTokens.verify(token, for: .administration, at: clock.now()) } catch {
      throw refusal(error.rawValue)
    }
    let found: User?
    do { found = try await users.user(UserID(principal.subject)) } catch { throw .unavailable }
    guard let user = found, user.disabledAt == nil, user.tenant == principal.tenant else { throw refusal("no_user") }
    return user
  }

  private func refusal(_ reason: String) -> APIProblem {
    APIProblem(
      401, "invalid_token", "Send a bearer that `martlet admin token` made, or a user's access token for this API.",
      reason: reason)
  }

  /// What is sent with every 401 (RFC 6750 §3, RFC 9728 §5.1).
  func challenge(for problem: APIProblem) -> String {
    let hasToken = problem.reason.map { ByteString($0) != "no_credential" } ?? false
    return BearerChallenge(resourceMetadata: metadata(), error: hasToken ? .invalidToken : nil).string
  }
}
