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
    guard let url = try? AbsoluteURL(parsing: vault.address.origin.string + "/v1/\(mount)/data/\(path)") else {
      throw Trouble(message: "can't stand in a URL", isPassing: false)
    }
    var headers = [
      ("accept", "application/json"), ("x-vault-request", "true"),
      ("x-vault-token", ByteString(vault.token.expose()).string),
    ]
    if let namespace = vault.namespace { headers.append(("x-vault-namespace", namespace)) }
    let answer: FetchedDocument
    do { answer = try await fetcher.get(url, headers: headers, limits: Self.limits) } catch {
      throw Trouble(message: "Vault at \(vault.address.origin.authority) doesn't answer", isPassing: true)
    }
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
    let body = JSONWriter.write(["SecretId": .string(name)])
    let type = "application/x-amz-json-1.1"
    let answer: FetchedDocument
    do {
      answer = try await fetcher.post(
        aws.endpoint, body: RequestBody(contentType: type, bytes: body), headers: headers(aws, body, type),
        limits: Self.limits)
    } catch {
      throw Trouble(message: "AWS at \(aws.endpoint.origin.authority) doesn't answer", isPassing: true)
    }
    let json = try? JSONReader.parse(answer.body)
    guard answer.status == 200 else {
      let type = json?["__type"]?.stringValue ?? String(answer.status)
      let code = PlainText.sanitized(String(type.split(separator: "#").last ?? ""), limit: 100)
      let isPassing = answer.status >= 429 || ByteString(code) == ByteString("ThrottlingException")
      throw Trouble(message: "AWS refuses: \(code)", isPassing: isPassing)
    }
    guard let text = json?["SecretString"]?.stringValue, !text.isEmpty else {
      throw Trouble(message: "the secret holds no text", isPassing: false)
    }
    guard let member else { return Secret(text) }
    guard let object = try? JSONReader.parse(Array(text.utf8)), let value = object[member]?.stringValue, !value.isEmpty
    else { throw Trouble(message: "the secret has no text in its member \(member)", isPassing: false) }
    return Secret(value)
  }

  private func headers(
    _ aws: SecretManagers.AWS, _ body: [UInt8], _ type: String
  ) -> [(name: String, value: String)] {
    // 2015-08-30T12:36:00.000Z, as AWS writes it: 20150830T123600Z.
    let date = String(now.text.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    var own: [(name: String, value: String)] = [
      (name: "x-amz-date", value: date), (name: "x-amz-target", value: "secretsmanager.GetSecretValue"),
    ]
    if let token = aws.sessionToken {
      own.append((name: "x-amz-security-token", value: ByteString(token.expose()).string))
    }
    let signature = AWSSignature(
      accessKeyID: aws.accessKeyID, secretAccessKey: aws.secretAccessKey, region: aws.region,
      service: "secretsmanager")
    let signed =
      own + [
        (name: "host", value: aws.endpoint.origin.authority), (name: "content-type", value: type),
      ]
    let authorization = signature.authorization(
      "POST", path: aws.endpoint.requestTarget, headers: signed, body: body, date: date)
    return own + [(name: "authorization", value: authorization)]
  }
}
