import MartletDomain
import StrictCoding

/// The rules of one configuration, made ready for being asked: an immutable value that a snapshot holds.
///
/// A rule that denies wins over every other; one that wants approval wins over those that allow; where no rule says
/// anything, the default does. No order of rules matters.
public struct AccessPolicy: Sendable {
  /// What happens where no rule says anything.
  public let isAllowedByDefault: Bool
  /// The rules.
  public let rules: [PolicyRule]
  /// Whether a tool has to be the one that was trusted.
  public let pinsTools: Bool
  /// SHA-256 of the rules as they are written: an approval under other rules is worth nothing.
  public let version: [UInt8]
  private let byServer: [ServerName: ServerPolicy]

  /// Makes rules ready.
  ///
  /// - Parameters:
  ///   - isAllowedByDefault: What happens where no rule says anything.
  ///   - rules: The rules.
  ///   - pinsTools: Whether a tool has to be the one that was trusted.
  ///   - version: SHA-256 of the rules as they are written.
  ///   - servers: The configured servers; of others, everything is refused.
  public init(
    isAllowedByDefault: Bool, rules: [PolicyRule], pinsTools: Bool = false, version: [UInt8] = [],
    servers: [ServerName]
  ) {
    self.version = version
    self.isAllowedByDefault = isAllowedByDefault
    self.rules = rules
    self.pinsTools = pinsTools
    byServer = Dictionary(
      servers.map { server in
        let rules = rules.filter { $0.what.include(server: server) }
        return (
          server,
          ServerPolicy(
            isAllowedByDefault: isAllowedByDefault, rules: rules, pinsTools: pinsTools, version: version)
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// What is written about a server.
  public func server(_ name: ServerName) -> ServerPolicy {
    byServer[name] ?? ServerPolicy(isAllowedByDefault: false, rules: [])
  }

  /// Who is asked about calls that a rule holds up; `nil` where no such rule is in force.
  func approvalTerms(of rule: String) -> ApprovalTerms? {
    rules.first { $0.effect == .requireApproval && ByteString($0.name) == ByteString(rule) }?.approval
  }
}

/// The rules about one server. Immutable; a class, since each question about the server takes them along.
public final class ServerPolicy: Sendable {
  let isAllowedByDefault: Bool
  let rules: [PolicyRule]
  /// Whether more has to be known of a caller than the token says.
  public let needsFacts: Bool
  /// Whether the definitions of tools have to be known before one is called.
  public let needsDefinitions: Bool
  /// Whether it can be that somebody is not shown everything in the server's lists.
  public let mayHide: Bool
  /// Whether a tool has to be the one that was trusted.
  public let pinsTools: Bool
  /// SHA-256 of the whole policy as it is written.
  public let version: [UInt8]

  init(isAllowedByDefault: Bool, rules: [PolicyRule], pinsTools: Bool = false, version: [UInt8] = []) {
    self.version = version
    self.isAllowedByDefault = isAllowedByDefault
    self.rules = rules
    needsFacts = rules.contains(where: \.needsFacts)
    self.pinsTools = pinsTools
    needsDefinitions = pinsTools || rules.contains { $0.what.annotations != nil }
    mayHide = pinsTools || !isAllowedByDefault || rules.contains { $0.effect == .deny }
  }

  /// What is written about a caller at this server.
  public func about(_ caller: PolicyCaller) -> CallerPolicy {
    CallerPolicy(isAllowedByDefault: isAllowedByDefault, rules: rules.filter { $0.isAbout(caller) })
  }

  /// The rules about a caller at this server, with their effect, what they are about and the roles that they go by.
  public func names(about caller: PolicyCaller) -> [String] {
    rules.filter { $0.isAbout(caller) }.map { $0.words(about: caller) }
  }

  /// What is written about whoever a credential proves: where a job acts for a user, about both.
  public func about(_ principal: Principal, user: User?) -> CallerPolicy {
    var policy = about(PolicyCaller(principal, user: user))
    if let delegation = principal.key?.delegation {
      policy.alsoAllowing = [about(PolicyCaller(jobOf: principal, delegation))]
    }
    return policy
  }
}
