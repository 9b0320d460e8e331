import NIOSSL
import Synchronization

/// How servers are verified over TLS: the system's authorities and, where the operator names a file, those in it; TLS 1.2
/// at least. The same for every connection that Martlet opens.
public enum ClientTLS {
  /// One for all who trust the same: reading the system's authorities takes milliseconds, and a megabyte for each context.
  private static let contexts = Mutex<[FileStamp?: NIOSSLContext]>([:])
  /// How many are kept: 16. A file that has changed is read anew; where there are more, all are let go of.
  private static let kept = 16

  /// The context for connections to servers.
  ///
  /// - Parameter file: PEM file of authorities to trust beside the system's (`egress.ca_file`).
  /// - Throws: `POSIXError`, or an error of the TLS library, when the file can't be read.
  public static func context(trusting file: String?) throws -> NIOSSLContext {
    let authorities = try file.map { try FileStamp(path: $0) }
    if let known = contexts.withLock({ $0[authorities] }) { return known }
    let context = try make(trusting: file)
    contexts.withLock { contexts in
      if contexts.count >= kept { contexts.removeAll() }
      contexts[authorities] = context
    }
    return context
  }

  private static func make(trusting file: String?) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.certificateVerification = .fullVerification
    configuration.applicationProtocols = ["http/1.1"]
    if let file {
      configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(file))]
    }
    return try NIOSSLContext(configuration: configuration)
  }
}
