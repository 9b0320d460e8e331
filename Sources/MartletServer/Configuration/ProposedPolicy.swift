import MartletDomain
import MartletPolicy
import StrictCoding
import Yams

extension Configuration {
  /// Reads a policy that somebody proposes, for the servers of this configuration. Nothing outside it is looked at: no
  /// file, no variable, and not `opa`, which asks another program.
  ///
  /// - Parameter proposed: What would stand under `policy`.
  /// - Throws: Every problem at once.
  func policy(proposed: JSONValue) throws(ConfigurationProblems) -> AccessPolicy {
    let problems = ProblemCollector()
    let environment = ConfigurationEnvironment(variables: [:], requiresSecrets: false)
    let root = ConfigurationSection(
      root: Node.mapping(Node.Mapping([(Node("policy"), Node(proposed))])), problems: problems,
      environment: environment)
    let version = ApprovalCall.digest(of: JSONWriter.write(proposed))
    let policy = PolicyReader(section: root.section("policy"), servers: servers.map(\.name), version: version).read()
    guard problems.problems.isEmpty else { throw ConfigurationProblems(problems.problems) }
    return policy
  }
}

extension Node {
  /// What a YAML file would hold. Text stays text, whatever it looks like.
  fileprivate init(_ value: JSONValue) {
    switch value {
    case .null: self = Node("null", Tag(.null))
    case .bool(let flag): self = Node(flag ? "true" : "false", Tag(.bool))
    case .number(let number): self = Node(number.literal)
    case .string(let text): self = Node(text, Tag(.str), .doubleQuoted)
    case .array(let elements): self = .sequence(Node.Sequence(elements.map { Node($0) }))
    case .object(let object):
      self = .mapping(
        Node.Mapping(object.members.map { (Node($0.key, Tag(.str), .doubleQuoted), Node($0.value)) }))
    }
  }
}
