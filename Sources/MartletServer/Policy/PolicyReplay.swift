import MartletDomain
import MartletPolicy
import StrictCoding

/// What a policy that isn't in force yet would have said to calls that were made.
///
/// The trail holds no arguments, and not what tools said of themselves. Where a rule looks at these, every outcome that it
/// allows for is named. Users and groups are taken as they are today, the time as it was then.
public struct PolicyReplay: Sendable {
  /// Calls of one kind whose decision would be, or could be, another one.
  public struct Change: Sendable, Hashable {
    /// Who called: a name or an id.
    public let caller: String
    /// The client.
    public let client: String
    /// The server.
    public let server: String
    /// The MCP method.
    public let method: String
    /// The tool, prompt or resource.
    public let target: String
    /// What was decided: `allow`, `deny` or `require_approval`.
    public let was: String
    /// What would be; several where it depends on what the call said.
    public let becomes: [String]
  }

  /// What came of it.
  public struct Report: Sendable {
    /// How many calls were looked at.
    public let calls: Int
    /// Those that would be decided otherwise, with how many calls there were of each.
    public let changed: [(change: Change, calls: Int)]
    /// Those that could be.
    public let unclear: [(change: Change, calls: Int)]
  }

  private let store: any DurableStore
  private let configuration: Configuration
  private let variants: [AccessPolicy]

  /// Prepares the policy of a configuration.
  public init(_ installation: Installation, _ configuration: Configuration) {
    store = installation.store
    self.configuration = configuration
    let servers = configuration.servers.map(\.name)
    variants = configuration.policy.map { Self.variants(of: $0, servers) } ?? []
  }

  /// Looks at the newest calls that the trail holds.
  ///
  /// - Parameter count: How many.
  public func run(last count: Int) async throws -> Report {
    let approved = try await approvedRequests(count)
    let events = try await events(count)
    var users: [UserID: User?] = [:]
    var changed: [Change: Int] = [:]
    var unclear: [Change: Int] = [:]
    var calls = 0
    for event in events {
      guard let was = Self.decision(event, approved), let target = event.target, let method = event.method,
        let route = event.route.flatMap({ RouteID(resourcePath: $0) })
      else { continue }
      calls += 1
      let id = UserID(event.subject ?? "")
      if users[id] == nil { users[id] = .some(try await store.user(id)) }
      let user = users[id] ?? nil
      let found = becomes(event, route.server, method, ByteString(target), user)
      guard found != [was] else { continue }
      let change = Change(
        caller: user?.accountName ?? id.string, client: event.client?.string ?? "", server: route.server.string,
        method: method, target: target, was: was.rawValue, becomes: found.map(\.rawValue).sorted())
      if found.contains(was) { unclear[change, default: 0] += 1 } else { changed[change, default: 0] += 1 }
    }
    return Report(calls: calls, changed: Self.sorted(changed), unclear: Self.sorted(unclear))
  }

  private func becomes(
    _ event: AuditEvent, _ server: ServerName, _ method: String, _ target: ByteString, _ user: User?
  ) -> Set<PolicyEffect> {
    guard let known = configuration.servers.first(where: { $0.name == server }),
      known.tenants?.contains(event.tenant) ?? true
    else { return [.deny] }
    guard !variants.isEmpty else { return [.allow] }
    let caller = PolicyCaller(
      tenant: event.tenant, subject: ByteString(event.subject ?? ""), client: event.client ?? "", user: user)
    let object: PolicyObject =
      switch method {
      case "prompts/get": .prompt(target)
      case "resources/read": .resource(target)
      default: .tool(target, ToolTraits())
      }
    return Set(
      variants.map { $0.server(server).about(caller).decide(object, arguments: nil, at: event.at).effect })
  }

  /// The policy as if no rule that looks into calls applied, and as if those of one effect did. The strongest rule that
  /// applies decides, so that no mixture of them leads elsewhere.
  private static func variants(of policy: AccessPolicy, _ servers: [ServerName]) -> [AccessPolicy] {
    ([nil] + PolicyEffect.allCases).map { assumed in
      let rules = policy.rules.compactMap { rule -> PolicyRule? in
        guard !rule.when.arguments.isEmpty || rule.what.annotations != nil else { return rule }
        guard rule.effect == assumed else { return nil }
        var (what, when) = (rule.what, rule.when)
        if what.annotations != nil, what.tools == nil { what.tools = NamePattern("*").map { [$0] } }
        (what.annotations, when.arguments) = (nil, [])
        return PolicyRule(
          name: rule.name, effect: rule.effect, who: rule.who, roles: rule.roles, what: what, when: when,
          approval: rule.approval)
      }
      return AccessPolicy(isAllowedByDefault: policy.isAllowedByDefault, rules: rules, servers: servers)
    }
  }

  // MARK: - The trail

  private static let methods: Set<ByteString> = ["tools/call", "prompts/get", "resources/read"]
  /// How many records are looked through for each call that is wanted.
  private static let sieve = 10

  private func events(_ count: Int) async throws -> [AuditEvent] {
    var found: [AuditEvent] = []
    for action in [AuditAction.exchangeForwarded, .exchangeRefused] {
      var filter = AuditFilter()
      filter.action = action
      found += try await store.auditEvents(matching: filter, before: nil, limit: min(count * Self.sieve, 200_000))
        .map(\.event).filter { $0.method.map { Self.methods.contains(ByteString($0)) } ?? false }
    }
    return Array(found.sorted { $0.at > $1.at }.prefix(count))
  }

  private func approvedRequests(_ count: Int) async throws -> Set<RequestID> {
    var filter = AuditFilter()
    filter.action = .approvalUsed
    return Set(try await store.auditEvents(matching: filter, before: nil, limit: count).compactMap(\.event.request))
  }

  /// What was decided about a call; `nil` where no rule had a say.
  private static func decision(_ event: AuditEvent, _ approved: Set<RequestID>) -> PolicyEffect? {
    guard event.action == .exchangeRefused else {
      return event.request.map { approved.contains($0) } ?? false ? .requireApproval : .allow
    }
    let reason = Array((event.reason ?? "").utf8)
    if reason.starts(with: "approval_required:".utf8) || reason.starts(with: "denied:approval".utf8) {
      return .requireApproval
    }
    return reason.starts(with: "denied:rule:".utf8) || reason.starts(with: "denied:default".utf8) ? .deny : nil
  }

  private static func sorted(_ changes: [Change: Int]) -> [(change: Change, calls: Int)] {
    changes.map { ($0.key, $0.value) }.sorted { left, right in
      (-left.1, ByteString(left.0.server), ByteString(left.0.target), ByteString(left.0.caller))
        < (-right.1, ByteString(right.0.server), ByteString(right.0.target), ByteString(right.0.caller))
    }
  }
}
