import Crypto
import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Who wraps the master key: a key of AWS KMS or of HashiCorp Vault's transit engine, which never leaves there.
public struct WrappingKey: Sendable {
  enum Kind: Sendable, Hashable {
    /// `{aws_kms: KEY}`: a key's id, ARN or `alias/…`.
    case awsKMS(String)
    /// `{vault_transit: MOUNT/KEY}`.
    case vaultTransit(mount: String, key: String)
  }

  static let length = 32
  private static let limits = FetchLimits(maxBytes: 64 * 1024, totalSeconds: 10)
  /// What AWS binds a wrapped key to beside itself; it stands in AWS's own trail, too.
  private static let context: JSONValue = ["martlet": "master key"]

  let kind: Kind
  let managers: SecretManagers

  /// As the configuration names it.
  var text: String {
    switch kind {
    case .awsKMS(let key): "aws_kms \(key)"
    case .vaultTransit(let mount, let key): "vault_transit \(mount)/\(key)"
    }
  }

  /// A new key, in clear and wrapped.
  func make() async throws(InstallationError) -> (key: SymmetricKey, wrapped: String) {
    switch kind {
    case .awsKMS(let key):
      let answer = try await aws(
        "TrentService.GenerateDataKey",
        ["KeyId": .string(key), "KeySpec": "AES_256", "EncryptionContext": Self.context])
      return (try plain(answer["Plaintext"]), try wrapped(answer["CiphertextBlob"]))
    case .vaultTransit(let mount, let key):
      let answer = try await transit("\(mount)/datakey/plaintext/\(key)", ["bits": .integer(256)])
      return (try plain(answer["plaintext"]), try wrapped(answer["ciphertext"]))
    }
  }

  /// A key that there is already, wrapped.
  func wrap(_ key: SymmetricKey) async throws(InstallationError) -> String {
    let text = key.withUnsafeBytes { Base64.encode(Array($0)) }
    switch kind {
    case .awsKMS(let name):
      let answer = try await aws(
        "TrentService.Encrypt",
        ["KeyId": .string(name), "Plaintext": .string(text), "EncryptionContext": Self.context])
      return try wrapped(answer["CiphertextBlob"])
    case .vaultTransit(let mount, let name):
      return try wrapped(try await transit("\(mount)/encrypt/\(name)", ["plaintext": .string(text)])["ciphertext"])
    }
  }

  /// What was wrapped.
  func unwrap(_ wrapped: String) async throws(InstallationError) -> SymmetricKey {
    switch kind {
    case .awsKMS(let key):
      let answer = try await aws(
        "TrentService.Decrypt",
        ["KeyId": .string(key), "CiphertextBlob": .string(wrapped), "EncryptionContext": Self.context])
      return try plain(answer["Plaintext"])
    case .vaultTransit(let mount, let key):
      return try plain(try await transit("\(mount)/decrypt/\(key)", ["ciphertext": .string(wrapped)])["plaintext"])
    }
  }

  private func aws(_ target: String, _ input: JSONObject) async throws(InstallationError) -> JSONValue {
    guard let aws = managers.aws, let endpoint = aws.keyEndpoint else {
      throw trouble("there is no secrets.aws to ask")
    }
    let call = AWSCall(aws: aws, service: "kms", endpoint: endpoint, fetcher: try fetcher(), now: SystemClock().now())
    do throws(SecretFetching.Trouble) { return try await call.post(target, input, limits: Self.limits) } catch {
      throw trouble(error.message)
    }
  }

  private func transit(_ path: String, _ input: JSONObject) async throws(InstallationError) -> JSONValue {
    guard let vault = managers.vault else { throw trouble("there is no secrets.vault to ask") }
    let call = VaultCall(vault: vault, fetcher: try fetcher())
    let answer: FetchedDocument
    do throws(SecretFetching.Trouble) { answer = try await call.ask(path, input, limits: Self.limits) } catch {
      throw trouble(error.message)
    }
    switch answer.status {
    case 200: return (try? JSONReader.parse(answer.body))?["data"] ?? .null
    case 403: throw trouble("Vault doesn't let this token use it")
    case 404: throw trouble("Vault has no such key")
    default: throw trouble("Vault answers \(answer.status)")
    }
  }

  private func fetcher() throws(InstallationError) -> SafeFetcher {
    guard
      let fetcher = try? SafeFetcher.operatorConfigured(certificateAuthorityFile: managers.certificateAuthorityFile)
    else { throw trouble("egress.ca_file can't be read") }
    return fetcher
  }

  private func plain(_ value: JSONValue?) throws(InstallationError) -> SymmetricKey {
    guard let bytes = value?.stringValue.flatMap({ Base64.decode($0) }), bytes.count == Self.length else {
      throw trouble("its answer holds no key")
    }
    return SymmetricKey(data: bytes)
  }

  private func wrapped(_ value: JSONValue?) throws(InstallationError) -> String {
    guard let text = value?.stringValue, (1...8192).contains(text.utf8.count) else {
      throw trouble("its answer holds no wrapped key")
    }
    return text
  }

  private func trouble(_ message: String) -> InstallationError {
    InstallationError(
      "master_key: \(text): \(message)",
      advice: "The key service is asked when a process starts and when keys are rotated. See that it answers, that the "
        + "credentials in `secrets` may use this key, and try again; nothing was changed.")
  }
}
