/// Shows a call that waits for a decision, or what became of it.
public struct ApprovalPage: Sendable {
  /// What there is to read.
  public var summary: ApprovalSummary
  /// The parameters of the call, laid out; `nil` for those who don't decide. What can't be seen is marked in it.
  public var parameters: String?
  /// Whether something in it can't be seen, or turns what is seen around.
  public var hidesCharacters: Bool
  /// What happens next, in words.
  public var advice: String
  /// What went wrong a moment ago.
  public var problem: String?
  /// Whether the visitor may decide.
  public var mayDecide: Bool
  /// Whether the visitor may take it back.
  public var mayRevoke: Bool
  /// Names the call that is shown, for the hidden field.
  public var binding: String
  /// The anti-forgery value, for the hidden field.
  public var csrf: String

  /// Describes a page.
  public init(
    summary: ApprovalSummary, parameters: String?, hidesCharacters: Bool, advice: String, problem: String? = nil,
    mayDecide: Bool, mayRevoke: Bool, binding: String, csrf: String
  ) {
    self.summary = summary
    self.parameters = parameters
    self.hidesCharacters = hidesCharacters
    self.advice = advice
    self.problem = problem
    self.mayDecide = mayDecide
    self.mayRevoke = mayRevoke
    self.binding = binding
    self.csrf = csrf
  }
}

/// An approval in a few words.
public struct ApprovalSummary: Sendable {
  /// How loud its state is.
  public enum Tone: String, Sendable {
    /// Somebody has to do something.
    case warning
    /// It may go on.
    case good
    /// It may not.
    case problem
    /// It is over.
    case plain = "plain-state"
  }

  /// Its page.
  public var path: String
  /// How it stands, in words.
  public var state: String
  /// How loud that is.
  public var tone: Tone
  /// The tool, prompt or resource.
  public var target: String
  /// The server.
  public var server: String
  /// Who calls.
  public var caller: String
  /// Through which client, or with which key.
  public var client: String
  /// The rule that asks.
  public var rule: String
  /// When it was asked for.
  public var askedAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp
  /// Who decided.
  public var decidedBy: String?

  /// Describes an approval.
  public init(
    path: String, state: String, tone: Tone, target: String, server: String, caller: String, client: String,
    rule: String, askedAt: Timestamp, expiresAt: Timestamp, decidedBy: String? = nil
  ) {
    self.path = path
    self.state = state
    self.tone = tone
    self.target = target
    self.server = server
    self.caller = caller
    self.client = client
    self.rule = rule
    self.askedAt = askedAt
    self.expiresAt = expiresAt
    self.decidedBy = decidedBy
  }
}

/// Lists what waits for a visitor, what of their own waits, and what is allowed for a time.
public struct ApprovalListPage: Sendable {
  /// What the visitor may decide.
  public var toDecide: [ApprovalSummary]
  /// What waits for others.
  public var waiting: [ApprovalSummary]
  /// What is approved or allowed for a time.
  public var allowed: [ApprovalSummary]
  /// Who is logged in.
  public var userName: String

  /// Describes a page.
  public init(
    toDecide: [ApprovalSummary], waiting: [ApprovalSummary], allowed: [ApprovalSummary], userName: String
  ) {
    self.toDecide = toDecide
    self.waiting = waiting
    self.allowed = allowed
    self.userName = userName
  }
}
