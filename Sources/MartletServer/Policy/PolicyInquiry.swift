import MartletDomain
import MartletPolicy
import StrictCoding

/// A question about the policy of a configuration, asked beside all calls: may this user do that, and by which rule?
public struct PolicyInquiry: Sendable {
  /// Who would call.
  public var user: User?
  /// The tenant of a client that acts for itself.
  public var tenant = TenantID.default
  /// Through which client.
  public var client: ClientID?
  /// At which server.
  public var server: ServerName
  /// The tool.
  public var tool: String
  /// The arguments.
  public var arguments: JSONObject?
  /// What the tool says of itself, as in its definition.
  public var annotations: JSONValue?

  /// Describes a question.
  public init(server: ServerName, tool: String) {
    self.server = server
    self.tool = tool
  }

  /// What comes of it.
  public struct Answer: Sendable {
    /// Whether the call may go on.
    public let isAllowed: Bool
    /// What decided: `deny`, `allow` or `require_approval`.
    public let effect: String
    /// The rule that decided; `nil` for the default, or where something else than a rule decided.
    public let rule: String?
    /// In words, what decided where no rule did.
    public let otherwise: String?
    /// Every rule: its name, what it would do, and how it stands to the question.
    public let rules: [(name: String, effect: String, standing: String)]
    /// Whether it may once somebody approves.
    public var needsApproval: Bool { effect.equalsBytewise(PolicyEffect.requireApproval.rawValue) }
    /// Whether what tools say of themselves matters at this server.
    public let asksForAnnotations: Bool
    /// Whether an engine has a say beside the rules in whatever they don't refuse; it isn't asked here.
    public internal(set) var leavesToEngine = false
  }

  /// Answers, as the gateway would decide now.
  public func answer(under configuration: Configuration, at now: Timestamp) -> Answer {
    var answer = ruled(under: configuration, at: now)
    answer.leavesToEngine = configuration.opa != nil && (answer.isAllowed || answer.needsApproval)
    return answer
  }

  private func ruled(under configuration: Configuration, at now: Timestamp) -> Answer {
    guard let known = configuration.servers.first(where: { $0.name == server }) else {
      return refused("there is no such server in the configuration")
    }
    let tenant = user?.tenant ?? tenant
    guard known.tenants?.contains(tenant) ?? true else { return refused("the server isn't there for this tenant") }
    if let user, user.disabledAt != nil { return refused("the user is disabled") }
    guard let policy = configuration.policy else {
      return Answer(
        isAllowed: true, effect: PolicyEffect.allow.rawValue, rule: nil,
        otherwise: "the configuration has no policy, so that everybody may do everything", rules: [],
        asksForAnnotations: false)
    }
    let client = self.client ?? ""
    let caller = PolicyCaller(tenant: tenant, subject: user?.id.value ?? client.value, client: client, user: user)
    let traits = ToolTraits(definition: .object(["annotations": annotations ?? .null]))
    let found = policy.explain(
      .tool(ByteString(tool), traits), at: server, arguments: arguments ?? JSONObject(), for: caller, at: now)
    return Answer(
      isAllowed: found.verdict.effect == .allow, effect: found.verdict.effect.rawValue, rule: found.verdict.rule,
      otherwise: found.verdict.rule == nil ? "no rule says anything, so that the default decides" : nil,
      rules: found.lines.map { ($0.rule, $0.effect.rawValue, $0.standing.rawValue) },
      asksForAnnotations: found.asksForAnnotations)
  }

  private func refused(_ reason: String) -> Answer {
    Answer(
      isAllowed: false, effect: PolicyEffect.deny.rawValue, rule: nil, otherwise: reason, rules: [],
      asksForAnnotations: false)
  }
}

extension Configuration {
  /// How many rules the policy has, and what happens where none says anything; `nil` without a policy.
  public var policySummary: (rules: Int, isAllowedByDefault: Bool)? {
    policy.map { ($0.rules.count, $0.isAllowedByDefault) }
  }
}
