import MartletDomain

extension APIRequest {
  /// What a list may be narrowed by.
  static let onlyTenant = APIField("tenant", .text(64), "Only this tenant's; all that the caller sees without it.")

  /// The only tenant that is asked about; `nil` for all of them.
  func narrowedTenant() throws(APIProblem) -> TenantID? {
    guard let named = text("tenant").map({ TenantID($0) }) else { return caller.tenant }
    guard caller.sees(named) else { throw .notFound }
    return named
  }

  /// Refuses whoever sees one tenant only.
  func concernsAll(_ things: String) throws(APIProblem) {
    guard caller.tenant == nil else { throw .forbidden("\(things) are the installation's.") }
  }

  /// The tenant whose things are meant: the one that is named, the caller's, or `default`.
  func ownTenant() throws(APIProblem) -> TenantID { try narrowedTenant() ?? .default }
}
