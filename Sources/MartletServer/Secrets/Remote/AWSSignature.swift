import Crypto
import MartletDomain
import StrictCoding

/// Signs requests as AWS wants them: Signature Version 4, all headers that it is given.
///
/// Conforms to: AWS Signature Version 4, "Create a signed AWS API request". HMAC and SHA-256 are swift-crypto's.
struct AWSSignature: Sendable {
  let accessKeyID: String
  let secretAccessKey: Secret
  let region: String
  let service: String

  /// The `Authorization` field of a request without a query.
  ///
  /// - Parameters:
  ///   - method: Such as `POST`.
  ///   - path: As it is sent.
  ///   - headers: What is signed, with names in lower case; `host` and `x-amz-date` among it.
  ///   - body: What is sent.
  ///   - date: As in `x-amz-date`: `20150830T123600Z`.
  func authorization(
    _ method: String, path: String, headers: [(name: String, value: String)], body: [UInt8], date: String
  ) -> String {
    let sorted = headers.sorted { ByteString($0.name) < ByteString($1.name) }
    let names = sorted.map(\.name).joined(separator: ";")
    let fields = sorted.map { "\($0.name):\($0.value)\n" }.joined()
    let request = [method, path, "", fields, names, Self.digest(body)].joined(separator: "\n")
    let day = String(date.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let text = ["AWS4-HMAC-SHA256", date, scope, Self.digest(Array(request.utf8))].joined(separator: "\n")
    let signature = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key(day))
    return "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(names), Signature="
      + Hex.encode(Array(signature))
  }

  private func key(_ day: String) -> SymmetricKey {
    var key = SymmetricKey(data: Array("AWS4".utf8) + secretAccessKey.expose())
    for part in [day, region, service, "aws4_request"] {
      key = SymmetricKey(data: Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)))
    }
    return key
  }

  private static func digest(_ bytes: [UInt8]) -> String { Hex.encode(Array(SHA256.hash(data: bytes))) }
}
