import MartletDomain

/// Proof that policy allowed an exchange. Nothing is forwarded without one, and only this target can make one
/// (invariant 2). Immutable; a class, since it goes along with every request.
public final class Permit: Sendable {
  /// Who may go on; `nil` for requests that Martlet makes for itself.
  public let principal: Principal?
  /// Where to.
  public let route: RouteID
  /// What of the server's lists may be seen; `nil` where nobody is kept from anything.
  public let listRules: ListRules?

  init(principal: Principal?, route: RouteID, listRules: ListRules? = nil) {
    self.principal = principal
    self.route = route
    self.listRules = listRules
  }

  /// For Martlet's own requests: probes and re-initialization.
  public static func system(route: RouteID) -> Permit { Permit(principal: nil, route: route) }
}
