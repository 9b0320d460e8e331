import MartletDomain
import OAuthProtocol

/// Gives a confidential client a token for itself; it can ask again at any time, so there is no refresh token.
///
/// Conforms to: RFC 6749 §4.4; RFC 9068 §5 (the subject is the client).
struct ClientCredentialsGrant: Grant {
  let type = GrantType.clientCredentials
  let issuance: GrantIssuance
  let flows: any FlowCorrelation

  func find(_ request: TokenRequest) async throws(OAuthError) -> GrantOffer<Void> {
    GrantOffer(
      evidence: (), subject: .client(request.client.tenant), route: nil, scope: nil, grant: nil,
      flow: flows.flow(address: request.address, client: request.client.id, route: nil))
  }

  func redeem(
    _ offer: GrantOffer<Void>, under permit: GrantPermit, for request: TokenRequest
  ) async throws(OAuthError) -> TokenReply {
    try await issuance.noteUse(of: request.client, at: request.now)
    let body = try issuance.reply(permit, grant: nil, flow: offer.flow, refresh: nil, at: request.now)
    return TokenReply(body: body, action: .tokenIssued)
  }
}
