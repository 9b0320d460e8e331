import MartletDomain

/// Proof that policy allowed an exchange. Nothing is forwarded without one, and only this target can make one
/// (invariant 2). Immutable; a class, since it goes along with every request.
public final class Permit: Sendable {
  /// Who may go on; `nil` for requests that Martlet makes for itself.
  public let principal: PrincipalBinding?
  /// Where to.
  public let route: RouteID

  init(principal: PrincipalBinding?, route: RouteID) {
    self.principal = principal
    self.route = route
  }

  /// For Martlet's own requests: probes and re-initialization.
  public static func system(route: RouteID) -> Permit { Permit(principal: nil, route: route) }
}
