import NIOSSL
import OAuthProtocol

/// Where connections can be shared: scheme, host and port. Never a credential.
struct UpstreamDestination: Hashable, Sendable {
  let origin: HTTPOrigin
  /// Tells most apart without a look at their names; every call looks for connections.
  private let fingerprint: Int

  init(_ url: AbsoluteURL) {
    origin = url.origin
    fingerprint = url.origin.hashValue
  }

  static func == (lhs: UpstreamDestination, rhs: UpstreamDestination) -> Bool {
    lhs.fingerprint == rhs.fingerprint && lhs.origin == rhs.origin
  }

  func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  var isSecure: Bool { origin.scheme == .https }

  /// The host without the brackets of an IPv6 literal, as sockets want it.
  var host: String {
    let text = origin.host.string
    return text.utf8.first == UInt8(ascii: "[") ? String(text.dropFirst().dropLast()) : text
  }

  /// The name for TLS; addresses have none.
  var serverName: String? {
    if case .name(let name) = origin.host { name } else { nil }
  }
}
