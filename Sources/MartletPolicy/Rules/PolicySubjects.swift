import MartletDomain
import StrictCoding

/// Whom a rule is about. What is left out holds for everybody; of what is named, all must hold, and of a list one.
public struct PolicySubjects: Sendable {
  /// A user as a rule names one.
  public enum UserName: Sendable, Hashable {
    /// By id.
    case id(UserID)
    /// A local user, by the canonical login name.
    case login(ByteString)
  }

  /// The role's name, where they are a role's.
  public var role: String?
  /// The tenants.
  public var tenants: Set<TenantID>?
  /// The users.
  public var users: Set<UserName>?
  /// Groups, of which a user must be in one.
  public var groups: Set<ByteString>?
  /// The OAuth clients through which the call comes.
  public var clients: Set<ClientID>?

  /// Describes subjects.
  public init(
    tenants: Set<TenantID>? = nil, users: Set<UserName>? = nil, groups: Set<ByteString>? = nil,
    clients: Set<ClientID>? = nil
  ) {
    self.tenants = tenants
    self.users = users
    self.groups = groups
    self.clients = clients
  }

  /// Whether more has to be known than a token says.
  var needsFacts: Bool {
    groups != nil || users?.contains { if case .login = $0 { true } else { false } } ?? false
  }

  func admit(_ caller: PolicyCaller) -> Bool {
    if let tenants, !tenants.contains(caller.tenant) { return false }
    if let clients, !clients.contains(caller.client) { return false }
    if let users, !caller.names.contains(where: users.contains) { return false }
    if let groups, groups.isDisjoint(with: caller.groups) { return false }
    return true
  }
}
