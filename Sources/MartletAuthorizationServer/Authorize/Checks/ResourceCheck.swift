import MartletDomain
import OAuthProtocol

/// The request is for exactly one route that the client may have (V-019, A4, A5; RFC 8707 §2).
///
/// The same resource may be named more than once. Where none is named, the only route that the client may have is
/// meant, or the user chooses.
struct ResourceCheck: AuthorizationCheck {
  func check(_ request: AddressedRequest, into findings: inout AuthorizationFindings) throws(OAuthError) {
    var named: ResourceIndicator?
    for value in request.parameters.values("resource") {
      let resource = try ResourceIndicator(parsing: value)
      if let named, named != resource {
        throw OAuthError(.invalidTarget, "one resource at a time", reason: "resource: several")
      }
      named = resource
    }
    let permission = RoutePermission(client: request.client, routes: request.settings.routes)
    guard let named else {
      let permitted = permission.routes
      guard let only = permitted.first else {
        throw OAuthError(
          .invalidTarget, "this client may not use any resource here", reason: "resource: none permitted")
      }
      findings.target = permitted.count == 1 ? .route(only.id) : .choice
      return
    }
    guard let route = request.settings.routes.route(for: named) else {
      throw OAuthError(.invalidTarget, "the resource is not known here", reason: "resource: unknown")
    }
    guard permission.covers(route) else {
      throw OAuthError(.invalidTarget, "this client may not use that resource", reason: "resource: not permitted")
    }
    findings.target = .route(route.id)
  }
}
