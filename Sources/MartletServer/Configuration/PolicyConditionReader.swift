import MartletPolicy
import StrictCoding
import Yams

/// Reads `when:` of a rule.
struct PolicyConditionReader {
  let section: ConfigurationSection

  func read() -> PolicyConditions {
    section.allow(only: ConfigurationKeys.policyWhen)
    let arguments = section.section("arguments")
    return PolicyConditions(
      arguments: arguments.names.flatMap { condition($0, in: arguments) },
      time: section.has("time") ? time(section.section("time")) : nil)
  }

  // MARK: - Arguments

  /// A value alone means that it has to be this one; a section says more.
  private func condition(_ path: String, in arguments: ConfigurationSection) -> [ArgumentCondition] {
    let keys = path.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    if keys.contains("") { arguments.problem(path, "has an empty key", "write repo.owner for a value inside repo") }
    guard let node = arguments.node(path), node.mapping != nil else {
      return arguments.node(path).map { Self.value($0).map { [.init(path: keys, test: .oneOf([$0]))] } ?? [] } ?? []
    }
    let tests = arguments.section(path)
    tests.allow(only: ConfigurationKeys.policyArgument)
    if tests.names.isEmpty { arguments.problem(path, "asks for nothing", "for example {one_of: [main]}") }
    return tests.names.compactMap { name in
      test(name, in: tests).map {
        ArgumentCondition(path: keys, test: $0, isNegated: name.utf8.starts(with: "not_".utf8))
      }
    }
  }

  private func test(_ name: String, in tests: ConfigurationSection) -> ArgumentCondition.Test? {
    switch name {
    case "one_of", "not_one_of":
      guard let nodes = tests.node(name)?.sequence, !nodes.isEmpty else {
        tests.problem(name, "must be a list of values", "write [a, b]")
        return nil
      }
      let values = nodes.compactMap { Self.value($0) }
      if values.count != nodes.count { tests.problem(name, "must be a list of plain values") }
      return .oneOf(values)
    case "like", "not_like":
      let patterns = tests.strings(name)?.compactMap { NamePattern($0) } ?? []
      if patterns.isEmpty { tests.problem(name, "must be a list of patterns", "write [\"release/*\"]") }
      return .like(patterns)
    case "at_most": return number(name, in: tests).map { .atMost($0) }
    case "at_least": return number(name, in: tests).map { .atLeast($0) }
    case "present": return .present(tests.bool(name, default: true))
    case "url_host", "not_url_host": return tests.hosts(name).map { DestinationTests.isAt($0) }
    case "internal_url": return DestinationTests.isInternal(tests.bool(name, default: true))
    default: return nil
    }
  }

  private func number(_ name: String, in tests: ConfigurationSection) -> Double? {
    let number = tests.node(name).flatMap { Self.value($0) }?.numberValue?.double
    if number == nil { tests.problem(name, "must be a number") }
    return number
  }

  /// What a plain value means in JSON: what is in quotes is text.
  static func value(_ node: Node) -> JSONValue? {
    guard let scalar = node.scalar else { return nil }
    guard scalar.style == .plain else { return .string(scalar.string) }
    switch scalar.string {
    case "true": return true
    case "false": return false
    case "null", "~": return .null
    case let text: return JSONNumber(literal: text).map { .number($0) } ?? .string(text)
    }
  }

  // MARK: - Time

  private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

  private func time(_ section: ConfigurationSection) -> TimeWindow {
    section.allow(only: ConfigurationKeys.policyTime)
    let days = section.strings("days")?.compactMap { name in
      let day = Self.days.firstIndex(of: name)
      if day == nil { section.problem("days", "must be of \(Self.days.joined(separator: ", "))") }
      return day
    }
    if days?.isEmpty ?? false { section.problem("days", "names no day", "leave it out to mean every day") }
    return TimeWindow(
      days: Set(days ?? Array(0..<7)), from: minute("from", section) ?? 0, until: minute("until", section) ?? 24 * 60,
      offset: offset(section))
  }

  private func minute(_ key: String, _ section: ConfigurationSection) -> Int? {
    guard let text = section.string(key) else { return nil }
    guard let minute = Self.clock(text[...]) else {
      section.problem(key, "must be a time of day", "in quotes: \"09:00\"")
      return nil
    }
    return minute
  }

  private func offset(_ section: ConfigurationSection) -> Int {
    guard let text = section.string("utc_offset") else { return 0 }
    guard let sign = text.utf8.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
      let minutes = Self.clock(text.dropFirst()), minutes <= 14 * 60
    else {
      section.problem("utc_offset", "must be a distance from UTC", "in quotes: \"+01:00\"")
      return 0
    }
    return sign == UInt8(ascii: "-") ? -minutes : minutes
  }

  private static func clock(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = DecimalText.parse(parts[0]),
      let minute = DecimalText.parse(parts[1]), minute < 60, hour < 24 || (hour == 24 && minute == 0)
    else { return nil }
    return hour * 60 + minute
  }
}
