import MartletDomain
import MartletPolicy
import StrictCoding

/// Reads `limits:`: how much may be done.
struct LimitsReader {
  let section: ConfigurationSection
  let servers: [ServerName]

  private static let windows = Duration.seconds(1) ... .seconds(86_400)

  /// Reads the limits.
  func read() -> LimitRules {
    section.allow(only: ConfigurationKeys.limits)
    var names: Set<ByteString> = []
    let rates = elements("rates", ConfigurationKeys.limitRate, &names).map { rate($0) }
    let concurrent = elements("concurrent", ConfigurationKeys.limitConcurrent, &names).map { ceiling($0) }
    let daily = elements("daily", ConfigurationKeys.limitDaily, &names).map { element in
      if dimensions(element).contains(.session) {
        element.problem("per", "a session is too short to be counted by the day", "name user, client or key")
      }
      return ceiling(element)
    }
    let costs = (section.sections("costs", shorthand: "calls") ?? []).map { element in
      element.allow(only: ConfigurationKeys.limitCost)
      return LimitRules.Cost(calls: calls(element), amount: count("calls", element, isRequired: true) ?? 1)
    }
    return LimitRules(rates: rates + loops(), concurrent: concurrent, daily: daily, costs: costs)
  }

  private func elements(_ key: String, _ known: [ConfigurationKey], _ names: inout Set<ByteString>)
    -> [ConfigurationSection]
  {
    let elements = section.sections(key, shorthand: "name") ?? []
    for element in elements {
      element.allow(only: known)
      guard let name = element.string("name") else {
        if !element.has("name") { element.problem("name", "is missing", "a refusal tells it") }
        continue
      }
      if !RuleName.isValid(name) { element.problem("name", "can't be a limit's name", RuleName.rule) }
      if !names.insert(ByteString(name)).inserted { element.problem("name", "is another limit's name already") }
    }
    return elements
  }

  private func ceiling(_ element: ConfigurationSection) -> CallCeiling {
    CallCeiling(
      name: element.string("name") ?? "", dimensions: dimensions(element), calls: calls(element),
      most: count("calls", element, isRequired: true) ?? 1)
  }

  private func rate(_ element: ConfigurationSection) -> RateLimit {
    let quota = count("calls", element, isRequired: true) ?? 1
    if !element.has("every") { element.problem("every", "is missing", "for example 1s or 1m") }
    let burst = count("burst", element, isRequired: false)
    let limit = RateLimit(
      name: element.string("name") ?? "", dimensions: dimensions(element), calls: calls(element), quota: quota,
      window: element.duration("every", default: .seconds(60), in: Self.windows), burst: burst)
    if let burst, burst > limit.burst {
      element.problem("burst", "takes more than 100 years to fill up again", "at most \(limit.burst) here")
    }
    return limit
  }

  /// The same call with the same arguments, by the same user through the same client.
  private func loops() -> [RateLimit] {
    guard section.has("loops") else { return [] }
    let loops = section.section("loops")
    loops.allow(only: ConfigurationKeys.limitLoops)
    if !loops.has("within") { loops.problem("within", "is missing", "for example 1m") }
    return [
      RateLimit(
        name: "loops", dimensions: [.user, .client, .server, .tool],
        quota: count("calls", loops, isRequired: true) ?? 1,
        window: loops.duration("within", default: .seconds(60), in: Self.windows), isLoopGuard: true)
    ]
  }

  private func count(_ key: String, _ section: ConfigurationSection, isRequired: Bool) -> Int? {
    guard let text = section.string(key) else {
      if isRequired, !section.has(key) { section.problem(key, "is missing", "a number from 1 to 1000000") }
      return nil
    }
    guard let number = DecimalText.parse(text), (1...1_000_000).contains(number) else {
      section.problem(key, "must be a number from 1 to 1000000")
      return nil
    }
    return number
  }

  private func dimensions(_ section: ConfigurationSection) -> Set<LimitDimension> {
    guard section.has("per") else {
      section.problem("per", "is missing", "what is counted apart: [user], or [user, tool]")
      return []
    }
    let names = section.node("per")?.scalar.map { [$0.string] } ?? section.strings("per") ?? []
    if names.isEmpty { section.problem("per", "names nothing", "write [tenant] for one count a tenant") }
    return Set(
      names.compactMap { name in
        let dimension = LimitDimension(rawValue: name)
        if dimension == nil {
          section.problem("per", "must be of \(LimitDimension.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return dimension
      })
  }

  private func calls(_ section: ConfigurationSection) -> LimitedCalls {
    let patterns = ["servers", "tools"].map { key -> [NamePattern]? in
      guard let texts = section.strings(key) else { return nil }
      if texts.isEmpty { section.problem(key, "names nothing", "leave it out to count all") }
      return texts.compactMap { NamePattern($0) }
    }
    for pattern in patterns[0] ?? [] where !servers.contains(where: { pattern.matches($0.value) }) {
      section.problem("servers", "\(PlainText.sanitized(pattern.description, limit: 64)) is no server")
    }
    return LimitedCalls(servers: patterns[0], tools: patterns[1])
  }
}
