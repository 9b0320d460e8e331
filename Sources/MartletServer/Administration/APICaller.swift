import MartletDomain
import MartletIdentity
import StrictCoding

/// Who may use an operation of the admin API.
enum APIRole: String, Sendable, CaseIterable {
  /// The bearer of an admin token of that role.
  case admin
  /// The bearer of an admin token of that role.
  case auditor
  /// The bearer of an admin token of that role.
  case tenantAdmin = "tenant-admin"
  /// A user, by an access token for this API: their own things only.
  case owner

  /// What changes nothing.
  static let reading: Set<APIRole> = [.admin, .auditor, .tenantAdmin]
  /// What changes something within a tenant.
  static let changing: Set<APIRole> = [.admin, .tenantAdmin]
  /// What changes something across tenants.
  static let installation: Set<APIRole> = [.admin]
}

/// Who is calling the admin API, proven.
struct APICaller: Sendable {
  let role: APIRole
  /// The only tenant that the caller sees; `nil` for all.
  let tenant: TenantID?
  /// The only user whose things the caller sees; `nil` for everybody's.
  let user: User?
  /// Who it is, for the trail.
  let subject: String

  init(_ token: AdminToken) {
    role =
      switch token.role {
      case .admin: .admin
      case .auditor: .auditor
      case .tenantAdmin: .tenantAdmin
      }
    tenant = token.tenant
    user = nil
    subject = "admin_token:\(token.id)"
  }

  init(_ user: User) {
    role = .owner
    tenant = user.tenant
    self.user = user
    subject = user.id.string
  }

  /// Whether the caller sees what belongs to a tenant.
  func sees(_ other: TenantID) -> Bool { tenant.map { $0 == other } ?? true }
}
