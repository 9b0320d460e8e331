import Crypto
import MartletAudit
import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// The trail as signed posts, as Standard Webhooks has them (standardwebhooks.com, specification 1.0.0): `webhook-id`,
/// `webhook-timestamp`, and `webhook-signature: v1,` with the HMAC-SHA-256 of `id.timestamp.body`.
public struct WebhookSink: TrailSink {
  private let delivery: HTTPDelivery
  private let key: SymmetricKey
  private let clock: any WallClock

  /// - Parameters:
  ///   - url: Where.
  ///   - secret: Signs: `whsec_` and base64, as receivers' libraries take it, or its bytes as they are.
  ///   - fetcher: Fetches from places that operators named.
  ///   - clock: Tells the time.
  public init(url: AbsoluteURL, secret: Secret, fetcher: any DocumentFetching, clock: any WallClock) {
    delivery = HTTPDelivery(url: url, fetcher: fetcher)
    key = SymmetricKey(data: Self.key(of: secret) ?? [])
    self.clock = clock
  }

  /// What signs.
  ///
  /// Conforms to: Standard Webhooks 1.0.0, Signature scheme: a symmetric secret is written as `whsec_` and base64.
  ///
  /// - Returns: `nil` where what stands behind `whsec_` isn't base64.
  public static func key(of secret: Secret) -> [UInt8]? {
    let bytes = secret.expose()
    let prefix = Array("whsec_".utf8)
    guard bytes.starts(with: prefix) else { return bytes }
    return Base64.decode(bytes.dropFirst(prefix.count)).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `webhook:` and the URL without its query.
  public var name: String { Self.name(delivery.url) }

  /// How the sink of a URL is named.
  public static func name(_ url: AbsoluteURL) -> String { "webhook:\(url.withoutQuery)" }

  /// Posts `{"type":"trail.records","timestamp":…,"data":[…]}`.
  public func take(_ records: [PlacedRecord]) async throws(TrailSinkFailure) {
    guard let first = records.first, let last = records.last else { return }
    let now = clock.now()
    let body = JSONWriter.write([
      "type": "trail.records", "timestamp": .string(now.text), "data": .array(records.map(\.record.json)),
    ])
    // The same for the same records, so that a receiver can tell what it has already.
    let id = "trail_\(first.position)_\(last.position)"
    _ = try await delivery.post(
      body,
      headers: [
        ("webhook-id", id), ("webhook-timestamp", "\(now.seconds)"),
        ("webhook-signature", "v1," + Base64.encode(signature(id, now, body))),
      ])
  }

  private func signature(_ id: String, _ now: Timestamp, _ body: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array("\(id).\(now.seconds).".utf8) + body, using: key))
  }
}
