import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `secrets`: who keeps secrets that the file only names.
struct SecretsReader {
  let section: ConfigurationSection
  let authorityFile: String?

  func read() -> SecretManagers {
    section.allow(only: ConfigurationKeys.secrets)
    var managers = SecretManagers()
    managers.certificateAuthorityFile = authorityFile
    managers.ttl = section.duration("ttl", default: managers.ttl, in: .seconds(10)...(.seconds(86_400)))
    managers.stale = section.duration("stale", default: managers.stale, in: .zero...(.seconds(7 * 86_400)))
    if section.has("vault") { managers.vault = vault(section.section("vault")) }
    if section.has("aws") { managers.aws = aws(section.section("aws")) }
    return managers
  }

  private func vault(_ vault: ConfigurationSection) -> SecretManagers.Vault? {
    vault.allow(only: ConfigurationKeys.secretsVault)
    for key in ["address", "token"] where !vault.has(key) { vault.problem(key, "is missing") }
    let (address, token) = (url(vault, "address"), own(vault, "token"))
    let namespace = vault.string("namespace")
    guard let address, let token else { return nil }
    return SecretManagers.Vault(address: address, token: token, namespace: namespace)
  }

  private func aws(_ aws: ConfigurationSection) -> SecretManagers.AWS? {
    aws.allow(only: ConfigurationKeys.secretsAWS)
    for key in ["region", "access_key_id", "secret_access_key"] where !aws.has(key) { aws.problem(key, "is missing") }
    let region = aws.string("region") ?? ""
    guard region.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
      aws.problem("region", "is no region", "for example eu-central-1")
      return nil
    }
    let usual = "https://secretsmanager.\(region).amazonaws.com/"
    let endpoint = aws.has("endpoint") ? url(aws, "endpoint") : try? AbsoluteURL(parsing: usual)
    let usualForKeys = "https://kms.\(region).amazonaws.com/"
    let keyEndpoint = aws.has("kms_endpoint") ? url(aws, "kms_endpoint") : try? AbsoluteURL(parsing: usualForKeys)
    let (secret, session) = (own(aws, "secret_access_key"), aws.has("session_token") ? own(aws, "session_token") : nil)
    guard let endpoint, let id = aws.string("access_key_id"), let secret, !region.isEmpty else { return nil }
    return SecretManagers.AWS(
      endpoint: endpoint, keyEndpoint: keyEndpoint, region: region, accessKeyID: id, secretAccessKey: secret,
      sessionToken: session)
  }

  /// What opens a manager isn't kept by one.
  private func own(_ section: ConfigurationSection, _ key: String) -> Secret? {
    let reference = section.section(key)
    guard !reference.has("vault"), !reference.has("aws_secret") else {
      section.problem(key, "opens the manager itself", "write {env: NAME} or {file: PATH}")
      return nil
    }
    guard let secret = section.secret(key) else { return nil }
    guard secret.expose().allSatisfy({ (0x20...0x7E).contains($0) }) else {
      section.problem(key, "must be visible ASCII characters")
      return nil
    }
    return secret
  }

  private func url(_ section: ConfigurationSection, _ key: String) -> AbsoluteURL? {
    guard let text = section.string(key) else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.query == nil, url.fragment == nil,
      url.scheme == .https || url.host.isLoopback
    else {
      section.problem(key, "must be an absolute https URL", "for example https://vault.example.com:8200")
      return nil
    }
    return url
  }
}
