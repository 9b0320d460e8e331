import OAuthProtocol
import StrictCoding

/// Reads where Martlet listens, what it is called there, and who may come.
extension ConfigurationReader {
  func listen() -> Configuration.Address {
    let usual = Configuration.Address(host: "127.0.0.1", port: 8080)
    guard let text = root.string("listen") else { return usual }
    guard let address = Configuration.Address(text) else {
      root.problem("listen", "must be an address and a port", "for example 127.0.0.1:8080, or 0.0.0.0:443")
      return usual
    }
    return address
  }

  func tls() -> Configuration.TLS? {
    guard root.has("tls") else { return nil }
    let section = root.section("tls")
    section.allow(only: ConfigurationKeys.tls)
    for key in ["cert", "key"] where !section.has(key) { section.problem(key, "is missing", "name a PEM file") }
    // Both are looked at, so that both can be complained of.
    let files = [section.file("cert"), section.file("key")]
    guard !files.contains(where: { $0 == nil }), let certificate = section.path("cert"),
      let key = section.path("key")
    else { return nil }
    var opened: TLSFiles?
    if environment.opensCertificates {
      do { opened = try TLSFiles(certificate: certificate, key: key) } catch {
        section.problem(
          "cert", "can't be used with this key: \(error)", "both are PEM files, and the key is the certificate's")
      }
    }
    return Configuration.TLS(certificate: certificate, key: key, files: opened)
  }

  func origin(_ listen: Configuration.Address, isSecure: Bool) -> (HTTPOrigin, isDerived: Bool)? {
    let derived = listen.origin(isSecure: isSecure).map { ($0, isDerived: true) }
    guard let text = root.string("public_url") else {
      if !root.has("public_url"), !listen.isLoopback {
        root.problem("public_url", "is missing", "off loopback, say what clients see: https://gateway.example.com")
      }
      return derived
    }
    guard let origin = HTTPOrigin(text) else {
      root.problem(
        "public_url", "must be an origin without path or trailing slash", "for example https://gateway.example.com")
      return derived
    }
    if origin.scheme == .http, !origin.host.isLoopback {
      root.problem("public_url", "must be https off loopback", "clients refuse to log in over http")
    } else if origin.scheme == .http, isSecure {
      root.problem("public_url", "must be https where tls is set", "write https://\(origin.authority)")
    }
    return (origin, false)
  }

  func hosts() -> [String] {
    for text in root.strings("allowed_hosts") ?? [] where HTTPOrigin("http://\(text)") == nil {
      root.problem(
        "allowed_hosts", "\(PlainText.sanitized(text, limit: 100)) is no value of Host",
        "a name, with the port where it isn't the usual one: gateway.internal:8080")
    }
    return root.strings("allowed_hosts") ?? []
  }

  /// - Parameter isLoopback: Whether only this machine's people come; their MCP Inspector is let in unless they say who is.
  func origins(isLoopback: Bool) -> Set<HTTPOrigin> {
    guard root.has("allowed_origins") else {
      return isLoopback ? Set(["http://localhost:6274", "http://127.0.0.1:6274"].compactMap { HTTPOrigin($0) }) : []
    }
    var origins: Set<HTTPOrigin> = []
    for text in root.strings("allowed_origins") ?? [] {
      guard let origin = HTTPOrigin(text) else {
        root.problem(
          "allowed_origins", "\(PlainText.sanitized(text, limit: 100)) is no origin",
          "for example http://localhost:6274")
        continue
      }
      origins.insert(origin)
    }
    return origins
  }

  func checkListener(_ configuration: Configuration) {
    guard !root.has("tls"), !configuration.listen.isLoopback, configuration.trustedProxies.isEmpty else {
      return
    }
    root.problem(
      "listen", "plain HTTP off loopback would send tokens in clear",
      "set tls, or declare the TLS proxy in front in trusted_proxies")
  }
}
