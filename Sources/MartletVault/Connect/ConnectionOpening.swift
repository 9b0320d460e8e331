import MartletDomain
import OAuthClient
import OAuthProtocol

/// An authorization code on its way to become a connection.
struct ConnectionOpening: Sendable {
  let key: ConnectionKey
  let metadata: AuthorizationServerMetadata
  let tokens: TokenClient
  let authentication: ClientAuthentication
  let code: String
  let redirectURI: String
  let verifier: CodeVerifier
  let asked: ScopeSet
  let resource: String?
}
