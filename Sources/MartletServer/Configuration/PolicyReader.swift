import MartletDomain
import MartletIdentity
import MartletPolicy
import StrictCoding

/// Reads `policy:`: who may do what.
struct PolicyReader {
  let section: ConfigurationSection
  let servers: [ServerName]
  /// SHA-256 of the section.
  let version: [UInt8]

  /// How many rules there may be.
  static let mostRules = 1_000

  /// Reads the rules.
  func read() -> AccessPolicy {
    section.allow(only: ConfigurationKeys.policy)
    let isAllowed = section.choice("default", default: PolicyDefault.allow) == .allow
    let roles = roles()
    let rules = rules(roles)
    return AccessPolicy(
      isAllowedByDefault: isAllowed, rules: rules, pinsTools: section.bool("pin_tools", default: false),
      version: version, servers: servers)
  }

  private func roles() -> [String: PolicySubjects] {
    let section = section.section("roles")
    return Dictionary(
      section.names.map { name in
        if !RuleName.isValid(name) { section.problem(name, "can't be a role's name", RuleName.rule) }
        let role = section.section(name)
        role.allow(only: ConfigurationKeys.policyRole)
        if role.names.isEmpty { section.problem(name, "has no members", "name groups, users, clients or tenants") }
        var members = subjects(role)
        members.role = name
        return (name, members)
      }, uniquingKeysWith: { first, _ in first })
  }

  private func rules(_ roles: [String: PolicySubjects]) -> [PolicyRule] {
    guard let elements = section.sections("rules", shorthand: "name") else { return [] }
    if elements.count > Self.mostRules { section.problem("rules", "are more than \(Self.mostRules)") }
    var names: Set<ByteString> = []
    return elements.map { element in
      element.allow(only: ConfigurationKeys.policyRule)
      if !element.has("name") { element.problem("name", "is missing", "the trail tells a refusal by it") }
      if let name = element.string("name") {
        if !RuleName.isValid(name) { element.problem("name", "can't be a rule's name", RuleName.rule) }
        if !names.insert(ByteString(name)).inserted { element.problem("name", "is another rule's name already") }
      }
      return rule(element.string("name") ?? "", element, roles)
    }
  }

  private func rule(_ name: String, _ element: ConfigurationSection, _ roles: [String: PolicySubjects])
    -> PolicyRule
  {
    if !element.has("effect") { element.problem("effect", "is missing", "allow, deny or require_approval") }
    let effect = element.choice("effect", default: PolicyEffect.deny)
    let who = element.section("who")
    who.allow(only: ConfigurationKeys.policyWho)
    let (what, when) = (element.section("what"), element.section("when"))
    let objects = objects(what)
    let conditions = PolicyConditionReader(section: when).read()
    if effect != .deny, objects.tools == nil, objects.annotations == nil, objects.prompts == nil,
      !conditions.arguments.isEmpty
    {
      when.problem("arguments", "stand in a rule that allows whole servers", "say in what which tools it is about")
    }
    return PolicyRule(
      name: name, effect: effect, who: subjects(who), roles: names("roles", who, roles), what: objects,
      when: conditions, approval: approval(effect, element, roles))
  }

  private func approval(_ effect: PolicyEffect, _ element: ConfigurationSection, _ roles: [String: PolicySubjects])
    -> ApprovalTerms?
  {
    guard effect == .requireApproval else {
      for key in ["approvers", "self", "expires"] where element.has(key) {
        element.problem(key, "is for rules that require approval", "set effect: require_approval, or leave it out")
      }
      return nil
    }
    if !element.has("approvers") { element.problem("approvers", "is missing", "roles of policy.roles who may decide") }
    return ApprovalTerms(
      approvers: names("approvers", element, roles) ?? [], admitsSelf: element.bool("self", default: false),
      lifetime: element.duration(
        "expires", default: ApprovalTerms.usualLifetime, in: ApprovalTerms.lifetimes))
  }

  private func names(_ key: String, _ who: ConfigurationSection, _ roles: [String: PolicySubjects])
    -> [PolicySubjects]?
  {
    nonempty(key, who)?.compactMap { name in
      if roles[name] == nil {
        let known = roles.keys.sorted { ByteString($0) < ByteString($1) }.joined(separator: ", ")
        who.problem(
          key, "\(PlainText.sanitized(name, limit: 64)) is no role of policy.roles",
          known.isEmpty ? "write it there first" : "known there: \(known)")
      }
      return roles[name]
    }
  }

  // MARK: - Who

  private func subjects(_ section: ConfigurationSection) -> PolicySubjects {
    let tenants = nonempty("tenants", section)
    for name in tenants ?? [] where !TenantName.isValid(name) {
      section.problem("tenants", "\(PlainText.sanitized(name, limit: 64)) is no tenant name", TenantName.rule)
    }
    return PolicySubjects(
      tenants: tenants.map { Set($0.map { TenantID($0) }) }, users: users(section),
      groups: nonempty("groups", section).map { Set($0.map { ByteString($0) }) },
      clients: nonempty("clients", section).map { Set($0.map { ClientID($0) }) })
  }

  private func users(_ section: ConfigurationSection) -> Set<PolicySubjects.UserName>? {
    guard let names = nonempty("users", section) else { return nil }
    return Set(
      names.compactMap { name in
        let user = PolicySubjects.UserName(asWritten: name)
        if user == nil {
          section.problem(
            "users", "\(PlainText.sanitized(name, limit: 64)) is no user",
            "a login name, or an id (usr_…) of martlet user list --json")
        }
        return user
      })
  }

  /// A list that names somebody: an empty one would mean nobody to one reader and everybody to the next.
  private func nonempty(_ key: String, _ section: ConfigurationSection) -> [String]? {
    let names = section.strings(key)
    if names?.isEmpty ?? false { section.problem(key, "names nobody", "leave it out to mean everybody") }
    return names
  }

  // MARK: - What

  private func objects(_ section: ConfigurationSection) -> PolicyObjects {
    section.allow(only: ConfigurationKeys.policyWhat)
    let patterns = patterns("servers", section)
    for pattern in patterns ?? [] where !servers.contains(where: { pattern.matches($0.value) }) {
      let known = servers.map(\.string).joined(separator: ", ")
      section.problem(
        "servers", "\(PlainText.sanitized(pattern.description, limit: 64)) is no server",
        known.isEmpty ? nil : "known here: \(known)")
    }
    return PolicyObjects(
      servers: patterns, tools: self.patterns("tools", section), prompts: self.patterns("prompts", section),
      resources: self.patterns("resources", section), annotations: annotations(section))
  }

  private func patterns(_ key: String, _ section: ConfigurationSection) -> [NamePattern]? {
    guard let texts = section.strings(key) else { return nil }
    if texts.isEmpty { section.problem(key, "names nothing", "leave it out, or write [\"*\"] for all") }
    return texts.compactMap { text in
      let pattern = NamePattern(text)
      if pattern == nil { section.problem(key, "has an empty pattern, or one over \(NamePattern.longest) bytes") }
      return pattern
    }
  }

  private func annotations(_ section: ConfigurationSection) -> AnnotationDemand? {
    guard section.has("annotations") else { return nil }
    let demands = section.section("annotations")
    demands.allow(only: ConfigurationKeys.policyAnnotations)
    func flag(_ key: String) -> Bool? { demands.has(key) ? demands.bool(key, default: false) : nil }
    let demand = AnnotationDemand(
      isReadOnly: flag("read_only"), isDestructive: flag("destructive"), isIdempotent: flag("idempotent"),
      isOpenWorld: flag("open_world"))
    if demand == AnnotationDemand() { section.problem("annotations", "asks for none", "for example {read_only: true}") }
    return demand
  }
}

/// What happens where no rule says anything.
private enum PolicyDefault: String, CaseIterable {
  case allow
  case deny
}

extension PolicySubjects.UserName {
  /// A user as people write one: an id where it looks like one, else a login name.
  public init?(asWritten text: String) {
    if text.utf8.starts(with: "usr_".utf8) {
      self = .id(UserID(text))
    } else if let name = LoginName(text) {
      self = .login(name.value)
    } else {
      return nil
    }
  }
}

/// Names of rules, roles and limits.
enum RuleName {
  static let rule = "1 to 64 of a-z, A-Z, 0-9, '-', '_' and '.'"

  static func isValid(_ name: String) -> Bool { TenantName.isValid(name) }
}
