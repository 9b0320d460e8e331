/// Shows what will be asked of whom before a user leaves to connect an account.
public struct ConnectPage: Sendable {
  /// The server.
  public var serverName: String
  /// Where the server is.
  public var serverHost: String
  /// The authorization server, as it names itself.
  public var issuer: String
  /// The host that the browser goes to.
  public var destination: String
  /// What will be asked for; empty for what the authorization server thinks fit.
  public var scopes: [String]
  /// Who is logged in.
  public var userName: String
  /// Where the form goes.
  public var action: String
  /// The account as it is connected now; `nil` for none.
  public var connection: AccountConnection?
  /// The link's ticket, for the hidden field.
  public var ticket: String?
  /// The anti-forgery value, for the hidden field.
  public var csrf: String
  /// What went wrong a moment ago.
  public var problem: String?
  /// Whether the user enters a key here instead of leaving.
  public var takesKey = false
  /// The identity provider that the user logs in at instead of connecting anything.
  public var loginProvider: String?
  /// The `transaction` of that login, which leads back to this page.
  public var transaction: String?

  /// Describes a page.
  public init(
    serverName: String, serverHost: String, issuer: String, destination: String, scopes: [String], userName: String,
    action: String, connection: AccountConnection?, ticket: String?, csrf: String, problem: String? = nil
  ) {
    self.serverName = serverName
    self.serverHost = serverHost
    self.issuer = issuer
    self.destination = destination
    self.scopes = scopes
    self.userName = userName
    self.action = action
    self.connection = connection
    self.ticket = ticket
    self.csrf = csrf
    self.problem = problem
  }
}

/// A user's account at a server, as pages show it.
public struct AccountConnection: Sendable {
  /// How it stands.
  public enum Standing: Sendable {
    /// It was never connected, or was disconnected.
    case absent
    /// It works.
    case connected
    /// Only the user can mend it.
    case needsUser
    /// It will mend itself.
    case troubled
  }

  /// The server.
  public var serverName: String
  /// The page where it is connected.
  public var path: String
  /// How it stands.
  public var standing: Standing
  /// The same in words, with why.
  public var state: String
  /// What was granted.
  public var granted: [String]
  /// What was asked for and not granted, or is wanted by the server.
  public var missing: [String]
  /// When its credential was last renewed, or first had.
  public var refreshedAt: Timestamp?
  /// When its access token ends.
  public var expiresAt: Timestamp?
  /// Whether it goes on by itself when that ends.
  public var isRefreshable: Bool
  /// What the user should do.
  public var nextStep: String?
  /// The anti-forgery value of the button that takes it away.
  public var csrf: String
  /// Whether connecting it again was no use so far.
  public var isHopeless = false

  /// Describes an account.
  public init(
    serverName: String, path: String, standing: Standing, state: String, granted: [String] = [],
    missing: [String] = [], refreshedAt: Timestamp? = nil, expiresAt: Timestamp? = nil, isRefreshable: Bool = false,
    nextStep: String? = nil, csrf: String
  ) {
    self.serverName = serverName
    self.path = path
    self.standing = standing
    self.state = state
    self.granted = granted
    self.missing = missing
    self.refreshedAt = refreshedAt
    self.expiresAt = expiresAt
    self.isRefreshable = isRefreshable
    self.nextStep = nextStep
    self.csrf = csrf
  }
}

/// A link on a page, to another page of ours.
public struct PageLink: Sendable {
  /// What it says.
  public var label: String
  /// Where it leads: a path.
  public var path: String

  /// Describes a link.
  public init(label: String, path: String) {
    self.label = label
    self.path = path
  }
}
