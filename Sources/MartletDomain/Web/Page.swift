/// A page to show: values only. The server's templates decide how it looks.
public struct Page: Sendable {
  /// What the page is for.
  public enum Content: Sendable {
    /// Log in.
    case login(LoginPage)
    /// Agree or refuse.
    case consent(ConsentPage)
    /// Who is logged in here, and how to log out.
    case account(AccountPage)
    /// Leave to connect an account.
    case connect(ConnectPage)
    /// Type the code that a program shows.
    case device(DevicePage)
    /// Agree to what a program without a browser asks for, or refuse.
    case deviceConsent(DeviceConsentPage)
    /// A call that waits for a decision.
    case approval(ApprovalPage)
    /// Everything that waits for one.
    case approvals(ApprovalListPage)
    /// A message, with what to do next.
    case message(MessagePage)
  }

  /// The content.
  public var content: Content
  /// Origins beside our own that a form on this page may end at, redirects included (`form-action`).
  public var formTargets: [String]

  /// Describes a page.
  public init(_ content: Content, formTargets: [String] = []) {
    self.content = content
    self.formTargets = formTargets
  }
}

/// Logs a user in.
public struct LoginPage: Sendable {
  /// The client that waits; `nil` when the user came by themselves.
  public var prompt: LoginPrompt?
  /// The transaction, for the hidden field.
  public var transaction: String?
  /// The anti-forgery value, for the hidden field.
  public var csrf: String
  /// Whether to show the password form.
  public var acceptsPassword: Bool
  /// Provider names, each a button that posts to `/login/{name}`.
  public var providers: [String]
  /// What went wrong a moment ago.
  public var problem: String?

  /// Describes a page.
  public init(
    prompt: LoginPrompt?, transaction: String?, csrf: String, acceptsPassword: Bool, providers: [String],
    problem: String? = nil
  ) {
    self.prompt = prompt
    self.transaction = transaction
    self.csrf = csrf
    self.acceptsPassword = acceptsPassword
    self.providers = providers
    self.problem = problem
  }
}

/// Who wants a login, and where the answer will go.
public struct LoginPrompt: Sendable, Hashable {
  /// The client's name.
  public var clientName: String
  /// The host of the client's id where that is a verified URL.
  public var clientHost: String?
  /// The host that the answer goes to.
  public var redirectHost: String

  /// Describes a prompt.
  public init(clientName: String, clientHost: String?, redirectHost: String) {
    self.clientName = clientName
    self.clientHost = clientHost
    self.redirectHost = redirectHost
  }
}

/// Asks for consent.
public struct ConsentPage: Sendable {
  /// A route that can be chosen.
  public struct Choice: Sendable {
    /// The value of the field `resource`.
    public var resource: String
    /// The server's name.
    public var name: String

    /// Describes a choice.
    public init(resource: String, name: String) {
      self.resource = resource
      self.name = name
    }
  }

  /// Who asks.
  public var prompt: LoginPrompt
  /// Whether the answer stays on the user's own machine, where any program may listen (V-096).
  public var redirectsToThisDevice: Bool
  /// Who is logged in.
  public var userName: String
  /// What is asked for; more than one where the user has to choose.
  public var choices: [Choice]
  /// What the client will be able to do, in words.
  public var permissions: [String]
  /// How long it lasts, in words.
  public var lifetime: String
  /// Whether the same was agreed to before: then one button is enough.
  public var isRemembered: Bool
  /// The transaction, for the hidden field.
  public var transaction: String
  /// The anti-forgery value, for the hidden field.
  public var csrf: String

  /// Describes a page.
  public init(
    prompt: LoginPrompt, redirectsToThisDevice: Bool, userName: String, choices: [Choice], permissions: [String],
    lifetime: String, isRemembered: Bool, transaction: String, csrf: String
  ) {
    self.prompt = prompt
    self.redirectsToThisDevice = redirectsToThisDevice
    self.userName = userName
    self.choices = choices
    self.permissions = permissions
    self.lifetime = lifetime
    self.isRemembered = isRemembered
    self.transaction = transaction
    self.csrf = csrf
  }
}

/// Says who is logged in; its one form posts `csrf` to `/logout`.
public struct AccountPage: Sendable {
  /// Who is logged in.
  public var userName: String
  /// The tenant, where it isn't the default one.
  public var tenant: String?
  /// The anti-forgery value, for the hidden field.
  public var csrf: String
  /// The user's accounts at servers.
  public var connections: [AccountConnection]
  /// Jobs that act for the user; `nil` where there are none.
  public var delegations: AccountDelegations?

  /// Describes a page.
  public init(
    userName: String, tenant: String?, csrf: String, connections: [AccountConnection] = [],
    delegations: AccountDelegations? = nil
  ) {
    self.userName = userName
    self.tenant = tenant
    self.csrf = csrf
    self.connections = connections
    self.delegations = delegations
  }
}

/// Says something, and what to do next.
public struct MessagePage: Sendable {
  /// The heading.
  public var title: String
  /// What happened.
  public var message: String
  /// What to do next.
  public var advice: String?
  /// The request's id, for whoever is asked for help.
  public var reference: String?
  /// Where to go on.
  public var link: PageLink?

  /// Describes a message.
  public init(
    title: String, message: String, advice: String? = nil, reference: String? = nil, link: PageLink? = nil
  ) {
    self.link = link
    self.title = title
    self.message = message
    self.advice = advice
    self.reference = reference
  }
}
