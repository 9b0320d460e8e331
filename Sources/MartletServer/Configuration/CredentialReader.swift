import MartletDomain
import StrictCoding

/// Reads `servers.NAME.credential`.
struct CredentialReader {
  private static let longestValue = 8192

  let section: ConfigurationSection
  let assertionHeader: String
  let providers: [ProviderConfiguration]

  func read() -> ServerCredential {
    guard let node = section.node("credential") else { return .none }
    if let word = node.scalar?.string {
      if ByteString(word) == "oauth" { return .oauth(OAuthConnectionSettings()) }
      if ByteString(word) != "none" { refuse() }
      return .none
    }
    let credential = section.section("credential")
    guard credential.names.count == 1, let kind = credential.names.first else {
      section.problem("credential", "must name one kind", Self.hint)
      return .none
    }
    switch ByteString(kind) {
    case "header": return header(credential.section("header"))
    case "oauth": return OAuthCredentialReader(section: credential.section("oauth")).userAccounts()
    case "client_credentials":
      return OAuthCredentialReader(section: credential.section("client_credentials")).ownAccount()
    case "token_exchange":
      return ExchangeCredentialReader(section: credential.section("token_exchange"), providers: providers).exchange()
    case "id_jag":
      return ExchangeCredentialReader(section: credential.section("id_jag"), providers: providers).assertion()
    default:
      refuse()
      return .none
    }
  }

  private static let hint =
    "none, oauth, {oauth: …}, {client_credentials: …}, {token_exchange: …}, {id_jag: …} or {header: {name: X-API-Key, value: {env: NAME}}}"

  private func refuse() {
    section.problem("credential", "is no kind of credential", Self.hint)
  }

  private func header(_ header: ConfigurationSection) -> ServerCredential {
    header.allow(only: ConfigurationKeys.credentialHeader)
    if header.has("per") { return ownKey(header) }
    for key in ["name", "value"] where !header.has(key) { header.problem(key, "is missing", Self.headerHint) }
    guard let name = header.string("name"), header.has("value") else { return .none }
    guard HeaderName.isFreeForCredential(name), HeaderName.lowered(name) != assertionHeader else {
      header.problem("name", "can't carry a credential", "for example Authorization or X-API-Key")
      return .none
    }
    guard let value = header.secret("value") else { return .none }
    guard Self.isFieldValue(value.expose()) else {
      header.problem(
        "value", "can't stand in a header",
        "1 to \(Self.longestValue) visible ASCII characters, spaces only between them")
      return .none
    }
    return .header(UpstreamCredential(header: HeaderName.lowered(name), value: value))
  }

  private func ownKey(_ header: ConfigurationSection) -> ServerCredential {
    let owner = ByteString(header.string("per") ?? "")
    if owner != "user", owner != "tenant" { header.problem("per", "must be user or tenant", Self.ownKeyHint) }
    if header.has("value") {
      header.problem("value", "is what each user enters, or each tenant", Self.ownKeyHint)
    }
    if !header.has("name") { header.problem("name", "is missing", Self.ownKeyHint) }
    guard let name = header.string("name") else { return .none }
    guard HeaderName.isFreeForCredential(name), HeaderName.lowered(name) != assertionHeader else {
      header.problem("name", "can't carry a credential", "for example Authorization or X-API-Key")
      return .none
    }
    let prefix = header.string("prefix") ?? ""
    guard prefix.utf8.count <= 64, prefix.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), prefix.utf8.first != 0x20
    else {
      header.problem("prefix", "can't stand in a header", "for example \"Bearer \"")
      return .none
    }
    return .ownKey(OwnKeySettings(header: HeaderName.lowered(name), prefix: prefix, isTenants: owner == "tenant"))
  }

  private static let ownKeyHint = "{header: {name: X-API-Key, per: user}}"
  private static let headerHint = "{header: {name: X-API-Key, value: {env: NAME}}}"

  private static func isFieldValue(_ bytes: [UInt8]) -> Bool {
    guard (1...longestValue).contains(bytes.count), bytes.first != 0x20, bytes.last != 0x20 else { return false }
    return bytes.allSatisfy { (0x20...0x7E).contains($0) }
  }
}
