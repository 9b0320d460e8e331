import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Asks managers for secrets; every answer is a value or one line that says what is wrong.
struct SecretFetching: Sendable {
  /// Why a secret isn't to be had.
  struct Trouble: Error {
    let message: String
    /// Whether the manager can't be asked, so that what is remembered may stand in; a refusal is believed.
    let isPassing: Bool
  }

  private static let limits = FetchLimits(maxBytes: 128 * 1024, totalSeconds: 5)

  let managers: SecretManagers
  let fetcher: SafeFetcher
  let now: Timestamp

  func fetch(_ reference: SecretReference) async throws(Trouble) -> Secret {
    switch reference {
    case .vault(let mount, let path, let member): try await vault(mount, path, member)
    case .aws(let name, let member): try await aws(name, member)
    }
  }

  private func vault(_ mount: String, _ path: String, _ member: String) async throws(Trouble) -> Secret {
    guard let vault = managers.vault else {
      throw Trouble(message: "there is no secrets.vault to ask", isPassing: false)
    }
    let answer = try await VaultCall(vault: vault, fetcher: fetcher).ask("\(mount)/data/\(path)", limits: Self.limits)
    switch answer.status {
    case 200: break
    case 403: throw Trouble(message: "Vault doesn't let this token read it", isPassing: false)
    case 404: throw Trouble(message: "Vault has no such secret, or this version of it was deleted", isPassing: false)
    default: throw Trouble(message: "Vault answers \(answer.status)", isPassing: answer.status >= 429)
    }
    guard let json = try? JSONReader.parse(answer.body), let value = json["data"]?["data"]?[member]?.stringValue,
      !value.isEmpty
    else { throw Trouble(message: "the secret has no text in its member \(member)", isPassing: false) }
    return Secret(value)
  }

  private func aws(_ name: String, _ member: String?) async throws(Trouble) -> Secret {
    guard let aws = managers.aws else { throw Trouble(message: "there is no secrets.aws to ask", isPassing: false) }
    let call = AWSCall(aws: aws, service: "secretsmanager", endpoint: aws.endpoint, fetcher: fetcher, now: now)
    let answer = try await call.post("secretsmanager.GetSecretValue", ["SecretId": .string(name)], limits: Self.limits)
    guard let text = answer["SecretString"]?.stringValue, !text.isEmpty else {
      throw Trouble(message: "the secret holds no text", isPassing: false)
    }
    guard let member else { return Secret(text) }
    guard let object = try? JSONReader.parse(Array(text.utf8)), let value = object[member]?.stringValue, !value.isEmpty
    else { throw Trouble(message: "the secret has no text in its member \(member)", isPassing: false) }
    return Secret(value)
  }
}
