import OAuthProtocol
import StrictCoding

extension Configuration.Address {
  /// Reads `host:port`; a host left out means every address of the machine.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = DecimalText.parse(text[text.index(after: colon)...]),
      port <= 65_535
    else { return nil }
    var host = String(text[..<colon])
    if host.isEmpty { host = "0.0.0.0" }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard Self.urlHost(host) != nil else { return nil }
    self.init(host: host, port: port)
  }

  /// The origin that browsers on this machine would use.
  func origin(isSecure: Bool) -> HTTPOrigin? {
    guard let host = Self.urlHost(host) else { return nil }
    return HTTPOrigin(scheme: isSecure ? .https : .http, host: host, port: port == 0 ? 8080 : port)
  }

  static func urlHost(_ host: String) -> URLHost? {
    URLHost(parsing: Array((host.contains(":") ? "[\(host)]" : host).utf8))
  }
}
