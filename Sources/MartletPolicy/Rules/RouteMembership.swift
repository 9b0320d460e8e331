import MartletDomain

/// The policy without rules: whoever holds a token for a route, and belongs to a tenant that the route admits, may use
/// it.
public struct RouteMembership: PolicyEngine {
  /// Makes the policy.
  public init() {}

  /// Allows members of the route's tenants who hold a token for this very route.
  public func decide(_ question: PolicyQuestion) throws(PolicyDenial) -> Permit {
    guard question.principal.route == question.route.id else { throw PolicyDenial(reason: "wrong_route") }
    guard question.route.admits(question.principal.tenant) else { throw PolicyDenial(reason: "tenant_not_admitted") }
    if let obstacle = KeyRule.obstacle(question) { throw PolicyDenial(reason: obstacle) }
    return Permit(
      principal: question.principal, route: question.route.id,
      listRules: ListRules(nil, pins: nil, key: question.principal.key?.scope))
  }
}
