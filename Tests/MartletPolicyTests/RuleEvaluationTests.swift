import MCPProtocol
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@_spi(Verification) @testable import MartletDomain
@testable import MartletPolicy

/// V-006: what the rules say, against an oracle that was written without them: it looks at every rule for every question
/// and takes the worst.
@Suite struct RuleEvaluationTests {
  private static let users = (0..<8).map { number in
    User(
      id: UserID("usr_\(number)"), tenant: number % 3 == 0 ? "acme" : "umbrella",
      origin: .local(loginName: "user\(number)"), displayName: "", groups: number % 2 == 0 ? ["eng", "ops"] : ["ops"],
      createdAt: Timestamp(seconds: 0))
  }
  private static let servers: [ServerName] = ["github", "mail", "wiki", "git"]
  private static let tools = ["get_repo", "delete_repo", "Delete_Repo", "send", "get_", "repo"]
  private static let patterns = ["*", "get_*", "delete_*", "*_repo", "send", "g*t*r*", "mail", "git*"]

  /// A rule in the oracle's own words.
  private struct Rule {
    var effect: PolicyEffect
    var users: Set<Int>?
    var group: String?
    var tenant: String?
    var server: String?
    var tools: [String]?
    var prompts: [String]?
    var readOnly: Bool?
    var argument: (value: String, isNegated: Bool)?

    func compiled(_ index: Int) -> PolicyRule {
      var what = PolicyObjects(
        servers: server.flatMap { NamePattern($0) }.map { [$0] }, tools: tools?.compactMap { NamePattern($0) },
        prompts: prompts?.compactMap { NamePattern($0) })
      if let readOnly { what.annotations = AnnotationDemand(isReadOnly: readOnly) }
      let conditions = argument.map {
        [ArgumentCondition(path: ["stage"], test: .oneOf([.string($0.value)]), isNegated: $0.isNegated)]
      }
      return PolicyRule(
        name: "rule-\(index)", effect: effect,
        who: PolicySubjects(
          tenants: tenant.map { [TenantID($0)] },
          users: users.map { Set($0.map { $0 % 2 == 0 ? .login(ByteString("user\($0)")) : .id(UserID("usr_\($0)")) }) },
          groups: group.map { [ByteString($0)] }),
        what: what, when: PolicyConditions(arguments: conditions ?? []))
    }
  }

  private enum Thing { case tool(String, isReadOnly: Bool), prompt(String), connection, unknown }

  // MARK: - The oracle

  /// `*` by brute force: every way to split the name.
  private static func fits(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return (name.startIndex...name.endIndex).contains { fits(name[$0...], pattern.dropFirst()) }
    }
    return name.first == first && fits(name.dropFirst(), pattern.dropFirst())
  }

  private static func fits(_ name: String, _ patterns: [String], folding: Bool) -> Bool {
    let name = folding ? name.lowercased() : name
    return patterns.contains { fits(Array(name.utf8)[...], Array((folding ? $0.lowercased() : $0).utf8)[...]) }
  }

  private static func concerns(_ rule: Rule, _ user: Int, _ server: String) -> Bool {
    let known = users[user]
    return rule.users?.contains(user) != false && (rule.group.map { known.groups.contains($0) } ?? true)
      && (rule.tenant.map { $0 == known.tenant.string } ?? true)
      && (rule.server.map { fits(server, [$0], folding: false) } ?? true)
  }

  private static func applies(_ rule: Rule, _ thing: Thing, _ stage: String?) -> Bool {
    let folding = rule.effect == .deny
    let isWhole = rule.tools == nil && rule.prompts == nil && rule.readOnly == nil
    let isMeant =
      switch thing {
      case .tool(let name, let isReadOnly):
        isWhole
          || ((rule.tools != nil || rule.readOnly != nil)
            && (rule.tools.map { fits(name, $0, folding: folding) } ?? true)
            && (rule.readOnly.map { $0 == isReadOnly } ?? true))
      case .prompt(let name): isWhole || rule.prompts.map { fits(name, $0, folding: folding) } ?? false
      case .connection, .unknown: isWhole
      }
    guard isMeant, let argument = rule.argument else { return isMeant }
    // Left out: it isn't the value; whether it is another one, nobody knows.
    guard let stage else { return argument.isNegated && rule.effect == .deny }
    return (stage == argument.value) != argument.isNegated
  }

  private static func oracle(
    _ rules: [Rule], _ fallback: Bool, _ user: Int, _ server: String, _ thing: Thing, _ stage: String?
  )
    -> Bool
  {
    let about = rules.filter { concerns($0, user, server) }
    if case .connection = thing {
      let isShut = about.contains { $0.effect == .deny && $0.argument == nil && applies($0, thing, nil) }
      return !isShut && (fallback || about.contains { $0.effect == .allow })
    }
    let applying = about.filter { applies($0, thing, stage) }
    if applying.contains(where: { $0.effect == .deny }) { return false }
    return fallback || !applying.isEmpty
  }

  // MARK: - The comparison

  private static func some<Value>(_ random: inout SeededGenerator, _ values: [Value], of chance: Int = 2) -> Value? {
    Int.random(in: 0..<chance, using: &random) == 0 ? values.randomElement(using: &random) : nil
  }

  private static func rules(_ random: inout SeededGenerator) -> [Rule] {
    (0..<Int.random(in: 0...5, using: &random)).map { _ in
      Rule(
        effect: Bool.random(using: &random) ? .allow : .deny,
        users: some(&random, [0, 1, 2, 3, 4, 5, 6, 7], of: 3).map { [$0, ($0 + 1) % 8] },
        group: some(&random, ["eng", "ops", "none"], of: 4), tenant: some(&random, ["acme", "umbrella"], of: 4),
        server: some(&random, patterns + ["github", "wiki"]), tools: some(&random, patterns).map { [$0, "send"] },
        prompts: some(&random, patterns, of: 4).map { [$0] }, readOnly: some(&random, [true, false], of: 4),
        argument: some(&random, [("prod", true), ("prod", false)], of: 4))
    }
  }

  private static func message(_ thing: Thing, _ stage: String?) -> MCPMessage {
    func request(_ method: MCPMethod, _ params: JSONObject) -> MCPMessage {
      .request(MCPRequest(id: .number(1), method: method, params: params))
    }
    let arguments = JSONValue.object(stage.map { ["stage": .string($0)] } ?? [:])
    return switch thing {
    case .tool(let name, _): request(.toolsCall, ["name": .string(name), "arguments": arguments])
    case .prompt(let name): request(.promptsGet, ["name": .string(name), "arguments": arguments])
    case .connection: request(.toolsList, [:])
    case .unknown: request(MCPMethod("vendor/extra"), [:])
    }
  }

  @Test func V_006_everyQuestionIsDecidedAsTheOracleDoes() throws {
    var random = SeededGenerator(seed: 6)
    var known = ToolDefinitions()
    for name in Self.tools {
      var traits = ToolTraits()
      traits.isReadOnly = name.utf8.first == UInt8(ascii: "g")
      known.add(ByteString(name), ToolDefinition(traits: traits, digest: [1], isPlain: true))
    }
    var (allowed, denied) = (0, 0)
    for _ in 0..<CaseCount.of("V-006", reduced: 60, full: 3_000) {
      let rules = Self.rules(&random)
      let fallback = Bool.random(using: &random)
      let policy = AccessPolicy(
        isAllowedByDefault: fallback, rules: rules.enumerated().map { $1.compiled($0) }, servers: Self.servers)
      for (number, user) in Self.users.enumerated() {
        for server in Self.servers {
          let things: [Thing] =
            Self.tools.map { .tool($0, isReadOnly: $0.utf8.first == UInt8(ascii: "g")) } + [
              .prompt("get_repo"), .prompt("Send"), .connection, .unknown,
            ]
          for thing in things {
            // What nobody knows has no arguments that anybody could look at.
            let stages: [String?] = if case .unknown = thing { [nil] } else { [nil, "prod", "test"] }
            let stage = stages.randomElement(using: &random).flatMap { $0 }
            let expected = Self.oracle(rules, fallback, number, server.string, thing, stage)
            let actual = Self.decide(policy, user, server, Self.message(thing, stage), known)
            #expect(actual == expected, "\(user.id) \(server) \(thing) \(stage ?? "-") \(rules) default \(fallback)")
            if actual { allowed += 1 } else { denied += 1 }
          }
        }
      }
    }
    #expect(allowed > 1_000 && denied > 1_000, "the questions are of both kinds")
  }

  private static func decide(
    _ policy: AccessPolicy, _ user: User, _ server: ServerName, _ message: MCPMessage, _ definitions: ToolDefinitions
  ) -> Bool {
    let route = RouteID(server: server)
    let principal = Principal(
      tenant: user.tenant, issuer: "https://gw.example", subject: user.id.value, client: "editor", route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: nil, flow: nil, credentialID: "id", issuedAt: Timestamp(seconds: 0),
      expiresAt: Timestamp(seconds: 3600))
    var question = PolicyQuestion(
      principal: principal, route: ProtectedRoute(id: route, displayName: "", tenants: nil), message: message,
      rules: policy.server(server))
    question.facts.user = user
    question.facts.isCallerKnown = true
    question.facts.definitions = definitions
    return (try? RuleEvaluation(clock: FakeClock()).decide(question)) != nil
  }

  // MARK: - By hand

  @Test func nobodyIsLetInUnknown() {
    let rules = [PolicyRule(name: "eng", effect: .deny, who: PolicySubjects(groups: ["eng"]))]
    let policy = AccessPolicy(isAllowedByDefault: true, rules: rules, servers: ["github"])
    let route = RouteID(server: "github")
    let principal = Principal(
      tenant: "acme", issuer: "https://gw.example", subject: "usr_1", client: "editor", route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: nil, flow: nil, credentialID: "id", issuedAt: Timestamp(seconds: 0),
      expiresAt: Timestamp(seconds: 3600))
    let question = PolicyQuestion(
      principal: principal, route: ProtectedRoute(id: route, displayName: "", tenants: nil), message: nil,
      rules: policy.server("github"))
    #expect(throws: PolicyDenial(reason: "unknown_caller")) {
      try RuleEvaluation(clock: FakeClock()).decide(question)
    }
  }

  /// 1970-01-05 was a Monday; minutes since it began.
  @Test(arguments: [(9 * 60, true), (9 * 60 - 1, false), (17 * 60, false), (6 * 1440 + 600, false)])
  func officeHours(_ minute: Int, _ isOpen: Bool) {
    let window = TimeWindow(days: [0, 1, 2, 3, 4], from: 9 * 60, until: 17 * 60)
    #expect(window.contains(Timestamp(seconds: Int64(4 * 1440 + minute) * 60)) == isOpen)
  }

  @Test func aNightBelongsToTheDayOnWhichItBegins() {
    let friday = TimeWindow(days: [4], from: 22 * 60, until: 6 * 60, offset: 60)
    // 1970-01-02 was a Friday; 21:30 UTC is 22:30 there.
    #expect(friday.contains(Timestamp(seconds: 86_400 + 21 * 3600 + 1800)))
    #expect(friday.contains(Timestamp(seconds: 2 * 86_400 + 4 * 3600)))
    #expect(!friday.contains(Timestamp(seconds: 2 * 86_400 + 21 * 3600 + 1800)))
  }
}
