import MartletDomain
import MartletPolicy
import NIOCore

/// Says of open streams whether their callers may still be connected: rules and groups change while a stream lives.
struct StreamPolicy: Sendable {
  /// How many callers are looked up in one round.
  static let lookups = 64

  let subjects: SubjectDirectory
  let clock: any WallClock

  /// Whether policy shuts a caller out.
  ///
  /// - Parameters:
  ///   - lookups: How many callers may still be looked up in this round. Whoever isn't known yet is decided about in one
  ///     of the next.
  func shutsOut(_ principal: Principal, _ settings: GatewaySettings, _ lookups: inout Int, on eventLoop: any EventLoop)
    -> Bool
  {
    guard let rules = settings.policy?.server(principal.route.server), rules.mayHide else { return false }
    guard rules.needsFacts else { return rules.shutsOut(PolicyCaller(principal, user: nil), at: clock.now()) }
    if let user = subjects.remembered(principal) {
      return rules.shutsOut(PolicyCaller(principal, user: user), at: clock.now())
    }
    guard lookups > 0 else { return false }
    lookups -= 1
    let subjects = self.subjects
    eventLoop.makeFutureWithTask { _ = try? await subjects.find(principal) }.whenComplete { _ in }
    return false
  }
}

extension ServerPolicy {
  fileprivate func shutsOut(_ caller: PolicyCaller, at now: Timestamp) -> Bool {
    about(caller).decide(.connection, arguments: nil, at: now).effect == .deny
  }
}
