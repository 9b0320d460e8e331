import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Turns the claims of a verified ID token into one of our users.
struct ClaimMapping: Sendable {
  private static let mostGroups = 256

  let settings: ProviderSettings

  func identity(_ token: VerifiedIDToken) throws(ProviderError) -> FederatedIdentity {
    FederatedIdentity(
      issuer: token.issuer, subject: token.subject, tenant: try tenant(token.claims), displayName: displayName(token),
      groups: groups(token.claims))
  }

  private func tenant(_ claims: JWTClaims) throws(ProviderError) -> TenantID {
    guard let name = settings.tenantClaim else { return .default }
    guard let value = claims.string(name), !value.isEmpty else { throw .noTenant(reason: "tenant_missing") }
    if let map = settings.tenantMap {
      let found = map.first { ByteString($0.key) == ByteString(value) }
      guard let found else { throw .noTenant(reason: "tenant_unknown") }
      return found.value
    }
    guard Self.isTenant(value) else { throw .noTenant(reason: "tenant_invalid") }
    return TenantID(value)
  }

  /// What can stand in a path of ours: `[A-Za-z0-9._-]{1,64}`, not beginning with a dot.
  private static func isTenant(_ value: String) -> Bool {
    let bytes = Array(value.utf8)
    guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: ".") else { return false }
    return bytes.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
  }

  private func groups(_ claims: JWTClaims) -> [String] {
    guard let name = settings.groupsClaim else { return [] }
    let values: [JSONValue]
    switch claims[name] {
    case .array(let list)?: values = list
    case .string(let one)?: values = [.string(one)]
    default: values = []
    }
    let usable = values.compactMap(\.stringValue).filter {
      (1...256).contains($0.utf8.count) && PlainText.isSingleLine($0)
    }
    return Array(usable.prefix(Self.mostGroups))
  }

  /// Whether the provider says that nobody has shown an address to be theirs; some say so by a text.
  private func isUnverified(_ claim: JSONValue?) -> Bool {
    claim == .bool(false) || claim?.stringValue?.equalsBytewise("false") ?? false
  }

  private func displayName(_ token: VerifiedIDToken) -> String {
    for name in ["name", "preferred_username", "email"] {
      let shown = PlainText.sanitized(token.claims.string(name) ?? "", limit: 100)
      if shown.isEmpty { continue }
      return name == "email" && isUnverified(token.claims["email_verified"]) ? shown + " (unverified)" : shown
    }
    return PlainText.sanitized(token.subject.string, limit: 100)
  }
}
