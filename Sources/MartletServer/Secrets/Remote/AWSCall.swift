import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// One signed call of an AWS service that speaks JSON over POST.
struct AWSCall: Sendable {
  private static let type = "application/x-amz-json-1.1"

  let aws: SecretManagers.AWS
  /// As it is signed for: `secretsmanager` or `kms`.
  let service: String
  let endpoint: AbsoluteURL
  let fetcher: SafeFetcher
  let now: Timestamp

  /// - Parameters:
  ///   - target: The operation, such as `secretsmanager.GetSecretValue`.
  ///   - input: Its parameters.
  /// - Throws: `SecretFetching.Trouble`, which names what AWS calls it.
  func post(
    _ target: String, _ input: JSONObject, limits: FetchLimits
  ) async throws(SecretFetching.Trouble) -> JSONValue {
    let body = JSONWriter.write(.object(input))
    let answer: FetchedDocument
    do {
      answer = try await fetcher.post(
        endpoint, body: RequestBody(contentType: Self.type, bytes: body), headers: headers(target, body),
        limits: limits)
    } catch {
      throw SecretFetching.Trouble(message: "AWS at \(endpoint.origin.authority) doesn't answer", isPassing: true)
    }
    let json = try? JSONReader.parse(answer.body)
    guard answer.status == 200 else {
      let type = json?["__type"]?.stringValue ?? String(answer.status)
      let code = PlainText.sanitized(String(type.split(separator: "#").last ?? ""), limit: 100)
      let isPassing = answer.status >= 429 || ByteString(code) == ByteString("ThrottlingException")
      throw SecretFetching.Trouble(message: "AWS refuses: \(code)", isPassing: isPassing)
    }
    return json ?? .null
  }

  private func headers(_ target: String, _ body: [UInt8]) -> [(name: String, value: String)] {
    // 2015-08-30T12:36:00.000Z, as AWS writes it: 20150830T123600Z.
    let date = String(now.text.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    var own: [(name: String, value: String)] = [
      (name: "x-amz-date", value: date), (name: "x-amz-target", value: target),
    ]
    if let token = aws.sessionToken {
      own.append((name: "x-amz-security-token", value: ByteString(token.expose()).string))
    }
    let signature = AWSSignature(
      accessKeyID: aws.accessKeyID, secretAccessKey: aws.secretAccessKey, region: aws.region, service: service)
    let signed =
      own + [
        (name: "host", value: endpoint.origin.authority), (name: "content-type", value: Self.type),
      ]
    let authorization = signature.authorization(
      "POST", path: endpoint.requestTarget, headers: signed, body: body, date: date)
    return own + [(name: "authorization", value: authorization)]
  }
}
