import MCPProtocol
import MartletDomain
import StrictCoding

/// The policy of an installation: membership of the route first, then the rules of the configuration, where it has any.
public struct RuleEvaluation: PolicyEngine {
  private let membership = RouteMembership()
  private let clock: any WallClock

  /// Makes the policy.
  public init(clock: any WallClock) { self.clock = clock }

  /// Decides about all that a request wants to use; one thing that it may not refuses it.
  public func decide(_ question: PolicyQuestion) throws(PolicyDenial) -> Permit {
    let permit = try membership.decide(question)
    guard let server = question.rules else { return permit }
    guard !server.needsFacts || question.facts.isCallerKnown else { throw PolicyDenial(reason: "unknown_caller") }
    let rules = server.about(question.principal, user: question.facts.user)
    let now = clock.now()
    if let message = question.message {
      let arguments = rules.readsArguments ? message.request?.arguments : nil
      for object in try objects(message, server, question) {
        try check(rules.decide(object, arguments: arguments, at: now), message, question)
      }
    } else {
      try check(rules.decide(.connection, arguments: nil, at: now), nil, question)
    }
    let lists = ListRules(
      server.mayHide ? (rules, clock) : nil, pins: server.pinsTools ? question.facts.pins ?? [:] : nil,
      key: question.principal.key?.scope, shown: question.facts.shownTools)
    return Permit(principal: permit.principal, route: permit.route, listRules: lists)
  }

  private func objects(_ message: MCPMessage, _ server: ServerPolicy, _ question: PolicyQuestion)
    throws(PolicyDenial) -> [PolicyObject]
  {
    guard server.needsDefinitions, let name = message.request?.toolName.map({ ByteString($0) }) else {
      return PolicyObject.all(in: message) { _ in ToolTraits() }
    }
    guard let tool = question.facts.definitions?.tools[name] else { throw PolicyDenial(reason: "unknown_tool") }
    if server.pinsTools, question.facts.pins?[name] != tool.digest { throw PolicyDenial(reason: "tool_changed") }
    return [.tool(name, tool.traits)]
  }

  private func check(_ verdict: PolicyVerdict, _ message: MCPMessage?, _ question: PolicyQuestion)
    throws(PolicyDenial)
  {
    let reason = verdict.rule.map { "rule:\($0)" } ?? "default"
    switch verdict.effect {
    case .allow: break
    case .deny: throw PolicyDenial(reason: reason)
    case .requireApproval:
      // What goes on for long, or is more than one thing, nobody can be asked about.
      guard let rule = verdict.rule, let method = message?.request?.method, method.canBeApproved else {
        throw PolicyDenial(reason: reason)
      }
      if let approved = question.facts.approved, approved.isFor(question.principal, rule: rule) { return }
      throw PolicyDenial(reason: reason, approvableBy: rule)
    }
  }
}

extension MCPMethod {
  fileprivate var canBeApproved: Bool { self == .toolsCall || self == .promptsGet || self == .resourcesRead }
}

extension CallerPolicy {
  /// Whether some rule looks at arguments, which are built for it alone.
  fileprivate var readsArguments: Bool {
    rules.contains { !$0.when.arguments.isEmpty } || alsoAllowing.contains { $0.readsArguments }
  }
}
