import NIOSSL
import StrictCoding

/// The DNS names of a certificate.
///
/// NIOSSL's own check also accepts a certificate that carries nothing but the address connected to, and falls back to
/// the common name. Whoever forges a DNS answer has such a certificate for his own address, so the name is required
/// besides (RFC 9525 §6.3).
enum CertificateNames {
  static func of(_ certificate: NIOSSLCertificate, include host: String) -> Bool {
    certificate._subjectAlternativeNames().contains { name in
      name.nameType == .dnsName && matches(pattern: Array(name.contents), host: Array(host.utf8))
    }
  }

  /// A name matches itself; `*` stands for the whole first label only.
  static func matches(pattern: [UInt8], host: [UInt8]) -> Bool {
    let pattern = ASCIICase.lowercased(pattern)
    var host = ASCIICase.lowercased(host)
    if host.last == UInt8(ascii: ".") { host.removeLast() }
    guard !host.isEmpty else { return false }
    if pattern == host { return true }
    guard pattern.starts(with: "*.".utf8), let dot = host.firstIndex(of: UInt8(ascii: ".")), dot > 0 else {
      return false
    }
    let parent = host[dot...].dropFirst()
    return parent.contains(UInt8(ascii: ".")) && pattern.dropFirst(2).elementsEqual(parent)
  }
}
