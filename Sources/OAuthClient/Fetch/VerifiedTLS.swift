import NIOCore
import NIOSSL

/// TLS towards a server whose name is known: the certificate must carry that very name.
public enum VerifiedTLS {
  /// The handler to put first into a client's pipeline.
  ///
  /// Conforms to: RFC 9525 §6.3.
  ///
  /// - Parameters:
  ///   - context: With full verification.
  ///   - serverName: The DNS name; nil where the URL names an address, which is then checked against the address
  ///     connected to.
  /// - Throws: An error of the TLS library.
  public static func clientHandler(_ context: NIOSSLContext, serverName: String?) throws -> NIOSSLClientHandler {
    guard let serverName else { return try NIOSSLClientHandler(context: context, serverHostname: nil) }
    return try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: serverName) {
      certificate, channel in
      channel.eventLoop.makeCompletedFuture {
        guard CertificateNames.of(certificate, include: serverName) else { throw FetchError.tlsFailed("name") }
      }
    }
  }
}
