import NIOCore

/// One HTTP request to one address that was already checked.
struct ConnectionRequest: Sendable {
  let method: String
  /// The host as written in the URL, for `Host` and the certificate; never resolved again.
  let host: String
  /// The host for SNI and the certificate, nil for an address literal.
  let serverName: String?
  let port: Int
  let usesTLS: Bool
  /// Path and query in origin form.
  let target: String
  let headers: [(name: String, value: String)]
  let body: [UInt8]
  let maxBytes: Int
  let deadline: NIODeadline
  let connectTime: TimeAmount

  /// RFC 9110 §7.2: the port is left out where it is the scheme's own.
  var hostHeader: String {
    port == (usesTLS ? 443 : 80) ? host : "\(host):\(port)"
  }
}
