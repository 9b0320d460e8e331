import MartletDomain
import OAuthProtocol
import StrictCoding

/// The policy's yes: who gets a token for which route and with which scope. Only `GrantPolicy` can make one.
struct GrantPermit: Sendable {
  let tenant: TenantID
  let subject: ByteString
  let client: ClientID
  let route: RouteID
  let scope: ScopeSet

  fileprivate init(tenant: TenantID, subject: ByteString, client: ClientID, route: RouteID, scope: ScopeSet) {
    self.tenant = tenant
    self.subject = subject
    self.client = client
    self.route = route
    self.scope = scope
  }
}

/// The one decision that every grant passes: there is no second entrance (V-060, N-12).
///
/// It is taken again at each redemption, so a disabled user, a moved tenant, a removed route or a narrowed client ends
/// a grant at its next refresh (V-053).
struct GrantPolicy: Sendable {
  /// What every route gives.
  static let routeScope: ScopeSet = ["mcp"]

  let settings: @Sendable () -> AuthorizationServerSettings
  let users: any UserStore & TenantStore

  /// Whether a client may use a grant type at all.
  func admit(_ client: RegisteredClient, to type: GrantType) throws(OAuthError) {
    let isAdmitted =
      switch type {
      // The Swift SDK registers authorization_code only and still refreshes (protocol.md §7.9).
      case .refreshToken: !client.grantTypes.isDisjoint(with: [.refreshToken, .authorizationCode, .deviceCode])
      // Acting without a user is the operator's to give: anyone at all may register or publish a client.
      case .clientCredentials:
        client.grantTypes.contains(.clientCredentials) && client.authenticationMethod != .none
          && [.configuration, .administrator].contains(client.origin)
      // So is asking people for their word by a code that anybody can send them.
      case .deviceCode:
        client.grantTypes.contains(.deviceCode) && [.configuration, .administrator].contains(client.origin)
      default: client.grantTypes.contains(type)
      }
    guard isAdmitted else {
      throw OAuthError(.unauthorizedClient, "this client may not use the grant type \(type.rawValue)")
    }
  }

  /// Decides.
  ///
  /// - Throws: `invalid_grant` where the grant's user, client or route isn't what it was; `invalid_target` where the
  ///   request names another resource than it may; `temporarily_unavailable` where the store doesn't answer.
  func permit<Evidence>(_ offer: GrantOffer<Evidence>, for request: TokenRequest) async throws(OAuthError)
    -> GrantPermit
  {
    let routes = settings().routes
    let requested = try requestedRoute(request.form, in: routes)
    let route = try route(of: offer, requested: requested, client: request.client, in: routes)
    let subject: ByteString
    switch offer.subject {
    case .client(let tenant):
      try await checkTenant(tenant)
      subject = request.client.id.value
    case .user(let tenant, let id):
      try await checkUser(id, of: tenant)
      subject = id.value
    }
    return GrantPermit(
      tenant: offer.subject.tenant, subject: subject, client: request.client.id, route: route,
      scope: scope(granted: offer.scope ?? Self.routeScope, requested: ScopeSet(tolerant: request.form["scope"])))
  }

  /// The one route that the request names; repeating a resource in any of its spellings changes nothing (RFC 8707
  /// §2.2).
  func requestedRoute(_ form: EndpointForm, in routes: RouteDirectory) throws(OAuthError) -> RouteID? {
    var found: RouteID?
    for value in form.values("resource") {
      guard let route = routes.route(for: try ResourceIndicator(parsing: value)) else {
        throw OAuthError(.invalidTarget, "the resource is unknown")
      }
      guard found == nil || found == route.id else {
        throw OAuthError(.invalidTarget, "a token is for one resource only")
      }
      found = route.id
    }
    return found
  }

  private func route<Evidence>(
    of offer: GrantOffer<Evidence>, requested: RouteID?, client: RegisteredClient, in routes: RouteDirectory
  ) throws(OAuthError) -> RouteID {
    let permission = RoutePermission(client: client, routes: routes)
    let isAdmitted = { (route: ProtectedRoute) in permission.covers(route, for: offer.subject.tenant) }
    if let granted = offer.route {
      guard requested == nil || requested == granted else {
        throw OAuthError(.invalidTarget, "the resource differs from the one that was granted")
      }
      guard let route = routes.route(granted), isAdmitted(route) else {
        throw OAuthError(.invalidGrant, "the grant is no longer valid", reason: "route is gone or not admitted")
      }
      return granted
    }
    let candidates = routes.routes.filter(isAdmitted).map(\.id)
    if let requested {
      guard candidates.contains(requested) else {
        throw OAuthError(.invalidTarget, "the resource is unknown", reason: "route is not admitted")
      }
      return requested
    }
    guard candidates.count == 1, let only = candidates.first else {
      throw OAuthError(.invalidTarget, "resource is required: it names the server that the token is for")
    }
    return only
  }

  /// A user of a closed tenant reads as disabled; a client has to be asked about its tenant.
  private func checkTenant(_ tenant: TenantID) async throws(OAuthError) {
    do {
      guard try await users.tenantState(tenant) != .active else { return }
    } catch {
      throw OAuthError.unavailable(error)
    }
    throw OAuthError(.unauthorizedClient, "this client may not be used at present", reason: "tenant is closed")
  }

  private func checkUser(_ id: UserID, of tenant: TenantID) async throws(OAuthError) {
    let user: User?
    do {
      user = try await users.user(id)
    } catch {
      throw OAuthError.unavailable(error)
    }
    guard let user, user.disabledAt == nil, user.tenant == tenant else {
      throw OAuthError(
        .invalidGrant, "the grant is no longer valid", reason: "user is gone, disabled or of another tenant")
    }
  }

  /// Narrows, never widens and never empties: unknown tokens are dropped, nothing known left means all that was granted
  /// (T4).
  private func scope(granted: ScopeSet, requested: ScopeSet) -> ScopeSet {
    let narrowed = granted.intersection(requested)
    return narrowed.isEmpty ? granted : narrowed
  }
}
