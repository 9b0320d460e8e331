import MartletDomain
import OAuthProtocol

/// For whom a grant asks.
enum GrantSubject: Sendable, Hashable {
  /// A user who consented.
  case user(TenantID, UserID)
  /// The client itself.
  case client(TenantID)

  var tenant: TenantID {
    switch self {
    case .user(let tenant, _), .client(let tenant): tenant
    }
  }
}

/// What a presented credential stands for, as far as reading tells. Nothing has changed yet.
struct GrantOffer<Evidence: Sendable>: Sendable {
  /// What was found, for the grant's own proof.
  let evidence: Evidence
  /// For whom.
  let subject: GrantSubject
  /// The route that it is bound to; nil where the request has to name one.
  let route: RouteID?
  /// The scope that it is bound to; nil for whatever a route gives.
  let scope: ScopeSet?
  /// The grant that the tokens will belong to.
  let grant: GrantID?
  /// The flow.
  let flow: FlowID?
}

/// Redeems one kind of grant.
///
/// The shared phases (client authentication, whether this client may use this grant at all, user, tenant, route,
/// resource, scope) are the endpoint's, so that no grant can forget one (V-060).
protocol Grant: Sendable {
  /// What the grant finds and proves.
  associatedtype Evidence: Sendable

  /// The wire name.
  var type: GrantType { get }

  /// Finds what is presented and whether it is this client's; changes nothing.
  func find(_ request: TokenRequest) async throws(OAuthError) -> GrantOffer<Evidence>

  /// Proves what is left to prove, then spends the credential and issues, in one atomic step of the store.
  ///
  /// - Parameters:
  ///   - offer: What `find` found.
  ///   - permit: The policy's decision.
  ///   - request: The request.
  func redeem(
    _ offer: GrantOffer<Evidence>, under permit: GrantPermit, for request: TokenRequest
  ) async throws(OAuthError) -> TokenReply
}
