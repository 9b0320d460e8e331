import MartletDomain
import OAuthProtocol

/// What a user agreed to, as the code stands for it that their client redeems.
struct OneTimeCode: Sendable {
  /// What the client calls it.
  let name: String
  let tenant: TenantID
  let user: UserID
  let client: ClientID
  let route: RouteID
  let scope: ScopeSet
  let grant: GrantID
  let flow: FlowID
}
