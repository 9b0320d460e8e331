import MCPProtocol
import MartletDomain
import StrictCoding

/// What policy is asked about.
public struct PolicyQuestion: Sendable {
  /// Who asks.
  public let principal: Principal
  /// The route as configured.
  public let route: ProtectedRoute
  /// The message of the request; `nil` for a stream or the end of a session.
  public let message: MCPMessage?
  /// The rules about the server; `nil` where the configuration has none.
  public let rules: ServerPolicy?
  /// What was found out before it is answered: of most questions nothing, so it is kept apart.
  public var facts: PolicyFacts {
    get { found?.facts ?? PolicyFacts() }
    set { found = Found(newValue) }
  }
  private var found: Found?

  private final class Found: Sendable {
    let facts: PolicyFacts

    init(_ facts: PolicyFacts) { self.facts = facts }
  }

  /// Whether anything has to be found out before it can be answered.
  public var needsLookups: Bool { needsDefinitions || rules?.needsFacts ?? false }

  /// Whether it has to be known what the server's tools do before one is called.
  public var needsDefinitions: Bool {
    rules?.needsDefinitions ?? false || principal.key?.scope.isReadOnly ?? false
  }

  /// Describes a question.
  public init(principal: Principal, route: ProtectedRoute, message: MCPMessage?, rules: ServerPolicy? = nil) {
    self.principal = principal
    self.route = route
    self.message = message
    self.rules = rules
  }
}

/// What policy has to know of some questions beside the question.
public struct PolicyFacts: Sendable {
  /// Whether somebody looked who the caller is.
  public var isCallerKnown = false
  /// Who that is; `nil` for a client that acts for itself.
  public var user: User?
  /// The server's tools, where the rules ask for them.
  public var definitions: ToolDefinitions?
  /// The digests of the definitions that are trusted, by tool, where tools are pinned.
  public var pins: [ByteString: [UInt8]]?
  /// That somebody approved it, where somebody did.
  public var approved: ApprovedCall?
  /// The tools that an external engine lets the caller see; `nil` where there is none.
  public var shownTools: Set<ByteString>?

  /// Nothing is known yet.
  public init() {}
}

/// Why policy refused. The reason is for the trail; the client hears only that it was denied.
public struct PolicyDenial: Error, Sendable, Hashable {
  /// A stable code, such as `tenant_not_admitted`, or `rule:` and the name of the rule.
  public let reason: String
  /// The rule by which it may go on once somebody approves of it; `nil` where it may not go on at all.
  public let approvableBy: String?

  /// Describes a denial.
  public init(reason: String, approvableBy: String? = nil) {
    self.reason = reason
    self.approvableBy = approvableBy
  }
}

/// Decides what may be done. One engine decides lists and calls alike.
public protocol PolicyEngine: Sendable {
  /// Decides about one request.
  ///
  /// - Parameter question: Who wants to do what.
  /// - Returns: The proof that it may be done.
  /// - Throws: `PolicyDenial` when it may not; when in doubt, it may not.
  func decide(_ question: PolicyQuestion) throws(PolicyDenial) -> Permit
}
