import StrictCoding

/// Where a user's login is checked.
public enum UserOrigin: Hashable, Sendable {
  /// A password kept here; the login name is unique in the installation.
  case local(loginName: String)
  /// An OIDC provider: issuer and subject are the identity, an e-mail address never is (V-070).
  case federated(issuer: ByteString, subject: ByteString)
  /// Nowhere: a service account only owns keys. The name is unique among login names and service accounts.
  case service(name: String)
}

/// Someone who can log in, or a service account that owns keys.
public struct User: Hashable, Sendable {
  /// The id, which becomes `sub`.
  public var id: UserID
  /// The tenant.
  public var tenant: TenantID
  /// Where the login is checked.
  public var origin: UserOrigin
  /// What pages show.
  public var displayName: String
  /// Groups, from the provider's claim or none.
  public var groups: [String]
  /// Whether this user may administer the installation.
  public var isAdministrator: Bool
  /// Set while the user may not log in, refresh or call.
  public var disabledAt: Timestamp?
  /// When the user was made.
  public var createdAt: Timestamp

  /// Describes a user.
  public init(
    id: UserID, tenant: TenantID, origin: UserOrigin, displayName: String, groups: [String] = [],
    isAdministrator: Bool = false, disabledAt: Timestamp? = nil, createdAt: Timestamp
  ) {
    self.id = id
    self.tenant = tenant
    self.origin = origin
    self.displayName = displayName
    self.groups = groups
    self.isAdministrator = isAdministrator
    self.disabledAt = disabledAt
    self.createdAt = createdAt
  }

  /// Whether this is a service account, which nobody can log in to.
  public var isService: Bool {
    if case .service = origin { true } else { false }
  }

  /// The name of a local user or a service account, by which commands find it.
  public var accountName: String? {
    if case .service(let name) = origin { name } else { loginName }
  }

  /// What lists call the user.
  public var shownName: String { accountName ?? displayName }

  /// What the trail calls the user: people by an id that means nothing once their row is gone, a service account
  /// by its name.
  public var trailName: String {
    if case .service(let name) = origin { name } else { id.string }
  }

  /// The login name of a local user.
  public var loginName: String? {
    if case .local(let loginName) = origin { loginName } else { nil }
  }
}
