import MartletDomain
import StrictCoding

/// Who calls, as rules see it: what the token says, and what the installation knows of the user.
public struct PolicyCaller: Sendable {
  /// The tenant of the credential.
  public let tenant: TenantID
  /// The client.
  public let client: ClientID
  /// What the user is called; by id alone where nobody asked for more.
  let names: [PolicySubjects.UserName]
  /// The user's groups.
  let groups: Set<ByteString>

  /// Describes a caller.
  ///
  /// - Parameter user: What the store knows of the subject; `nil` for a client that acts for itself.
  public init(tenant: TenantID, subject: ByteString, client: ClientID, user: User?) {
    self.tenant = tenant
    self.client = client
    var names: [PolicySubjects.UserName] = [.id(UserID(subject))]
    if let name = user?.accountName { names.append(.login(ByteString(name))) }
    self.names = names
    groups = Set((user?.groups ?? []).map { ByteString($0) })
  }

  /// The job that acts for a user by a delegation. Service accounts have no groups.
  public init(jobOf principal: Principal, _ delegation: PrincipalDelegation) {
    tenant = principal.tenant
    client = principal.client
    names = [.id(delegation.job), .login(ByteString(delegation.jobName))]
    groups = []
  }

  /// The caller that a credential proves.
  public init(_ principal: Principal, user: User?) {
    self.init(tenant: principal.tenant, subject: principal.subject, client: principal.client, user: user)
  }
}
