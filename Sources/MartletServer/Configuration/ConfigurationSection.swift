import MartletDomain
import StrictCoding
import Yams

/// One mapping of the file. Reading a key marks it as known; what is left over was misspelled.
struct ConfigurationSection {
  let path: String
  let line: Int?
  private let members: [String: Member]
  private let problems: ProblemCollector
  let environment: ConfigurationEnvironment

  init(root: Node?, problems: ProblemCollector, environment: ConfigurationEnvironment) {
    self.init(root, path: "", problems, environment)
  }

  /// A value, and the line that its key stands in.
  private struct Member {
    let node: Node
    let line: Int?
  }

  private init(
    _ node: Node?, path: String, line: Int? = nil, _ problems: ProblemCollector, _ environment: ConfigurationEnvironment
  ) {
    self.path = path
    self.line = line
    self.problems = problems
    self.environment = environment
    var members: [String: Member] = [:]
    if let node, !node.isNothing {
      guard let mapping = node.mapping else {
        problems.add(
          ConfigurationProblem(path: path.isEmpty ? "the file" : path, line: line, message: "must be a mapping of keys")
        )
        self.members = [:]
        return
      }
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          problems.add(ConfigurationProblem(path: path, line: key.mark?.line, message: "keys must be plain words"))
          continue
        }
        members[name] = Member(node: value, line: key.mark?.line)
      }
    }
    self.members = members
  }

  /// The names of all members, in byte order.
  var names: [String] { members.keys.sorted { ByteString($0) < ByteString($1) } }

  func has(_ key: String) -> Bool { node(key) != nil }

  func node(_ key: String) -> Node? { members[key].flatMap { $0.node.isNothing ? nil : $0.node } }

  func section(_ key: String) -> ConfigurationSection {
    ConfigurationSection(members[key]?.node, path: full(key), line: members[key]?.line, problems, environment)
  }

  /// Says which keys are unknown, and which known one was probably meant.
  func allow(only known: [ConfigurationKey]) { allow(names: known.map(\.name)) }

  func allow(names known: [String]) {
    for name in names where !known.contains(where: { ByteString($0) == ByteString(name) }) {
      let close = known.min { Spelling.distance($0, name) < Spelling.distance($1, name) }
      let tolerance = min(2, max(1, name.utf8.count / 3))
      let hint = close.flatMap { Spelling.distance($0, name) <= tolerance ? "did you mean \($0)?" : nil }
      problem(name, "unknown key", hint ?? "known here: \(known.joined(separator: ", "))")
    }
  }

  func problem(_ key: String, _ message: String, _ hint: String? = nil) {
    problems.add(
      ConfigurationProblem(path: full(key), line: members[key]?.line ?? line, message: message, hint: hint))
  }

  func full(_ key: String) -> String {
    let key = PlainText.sanitized(key, limit: 100)
    return path.isEmpty ? key : "\(path).\(key)"
  }

  // MARK: - Values

  func string(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.scalar?.string, PlainText.isSingleLine(text) else {
      problem(key, "must be one line of text")
      return nil
    }
    return text
  }

  func strings(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    guard let sequence = node.sequence else {
      problem(key, "must be a list", "write [a, b]")
      return nil
    }
    let values = sequence.compactMap { $0.scalar?.string }
    if values.count != sequence.count { problem(key, "must be a list of plain words") }
    return values
  }

  /// A list whose elements are single values, or sections of which the value is a member.
  ///
  /// - Parameter key: The member that a single value stands for.
  func sections(_ list: String, shorthand key: String) -> [ConfigurationSection]? {
    guard let node = node(list) else { return nil }
    guard let sequence = node.sequence else {
      problem(list, "must be a list", "write [a, b]")
      return nil
    }
    return sequence.enumerated().map { index, element in
      let line = members[list]?.line
      let path = "\(full(list))[\(index)]"
      guard element.scalar != nil else {
        return ConfigurationSection(element, path: path, line: line, problems, environment)
      }
      return ConfigurationSection(
        Node.mapping(Node.Mapping([(Node(key), element)])), path: path, line: line, problems, environment)
    }
  }

  func bool(_ key: String, default fallback: Bool) -> Bool {
    guard let node = node(key) else { return fallback }
    guard let value = node.bool else {
      problem(key, "must be true or false")
      return fallback
    }
    return value
  }

  /// A number with a unit: `500ms`, `90s`, `2m`, `1h`, `30d`.
  func duration(_ key: String, default fallback: Duration, in range: ClosedRange<Duration>) -> Duration {
    guard let text = string(key) else { return fallback }
    guard let value = DurationText.parse(text) else {
      problem(key, "must be a number with a unit", "for example 90s, 2m, 1h or 30d")
      return fallback
    }
    guard range.contains(value) else {
      let (low, high) = (DurationText.write(range.lowerBound), DurationText.write(range.upperBound))
      problem(key, "must be from \(low) to \(high)")
      return fallback
    }
    return value
  }

  func choice<Value: RawRepresentable & CaseIterable>(_ key: String, default fallback: Value) -> Value
  where Value.RawValue == String {
    guard let text = string(key) else { return fallback }
    guard let value = Value.allCases.first(where: { ByteString($0.rawValue) == ByteString(text) }) else {
      problem(key, "must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
      return fallback
    }
    return value
  }

  /// A path, relative to the folder of the file.
  func path(_ key: String) -> String? { string(key).map(environment.resolve) }

  /// The content of a file.
  func file(_ key: String) -> [UInt8]? {
    guard let path = path(key) else { return nil }
    guard let bytes = environment.read(path) else {
      problem(key, "can't read \(path)", "check the path and its permissions")
      return nil
    }
    return bytes
  }
}

extension Node {
  /// Whether the key stands there without a value.
  fileprivate var isNothing: Bool {
    guard let scalar else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }
}
