import MartletDomain
import StrictCoding

/// How a decision came about, rule by rule.
public struct PolicyExplanation: Sendable {
  /// Whether a rule applied, or what it is about instead.
  public enum Standing: String, Sendable {
    /// It applied.
    case applied
    /// It is about other servers.
    case otherServer = "other_server"
    /// It is about others.
    case otherCaller = "other_caller"
    /// It is about something else at the server.
    case otherObject = "other_object"
    /// Its conditions don't hold.
    case otherConditions = "other_conditions"
  }

  /// One rule.
  public struct Line: Sendable {
    /// Its name.
    public let rule: String
    /// What it would do.
    public let effect: PolicyEffect
    /// Whether it applied.
    public let standing: Standing
  }

  /// The decision.
  public let verdict: PolicyVerdict
  /// Every rule, in the order of the file.
  public let lines: [Line]
  /// Whether rules about the server ask what tools say of themselves.
  public let asksForAnnotations: Bool
}

extension AccessPolicy {
  /// Decides as for a call, and tells how that came about.
  ///
  /// - Parameters:
  ///   - object: What is to be used.
  ///   - server: Where.
  ///   - arguments: The arguments of the call.
  ///   - caller: Who calls.
  ///   - now: When.
  public func explain(
    _ object: PolicyObject, at server: ServerName, arguments: JSONObject?, for caller: PolicyCaller, at now: Timestamp
  ) -> PolicyExplanation {
    let lines = rules.map { rule in
      PolicyExplanation.Line(
        rule: rule.name, effect: rule.effect, standing: rule.standing(object, server, arguments, caller, now))
    }
    let policy = self.server(server)
    return PolicyExplanation(
      verdict: policy.about(caller).decide(object, arguments: arguments, at: now), lines: lines,
      asksForAnnotations: policy.rules.contains { $0.what.annotations != nil })
  }
}

extension PolicyRule {
  fileprivate func standing(
    _ object: PolicyObject, _ server: ServerName, _ arguments: JSONObject?, _ caller: PolicyCaller, _ now: Timestamp
  ) -> PolicyExplanation.Standing {
    guard what.include(server: server) else { return .otherServer }
    guard isAbout(caller) else { return .otherCaller }
    guard what.include(object, inDoubt: refuses ? object.comparedName : nil) else { return .otherObject }
    return when.hold(for: arguments, at: now, inDoubt: refuses) ? .applied : .otherConditions
  }
}
