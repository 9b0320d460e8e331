import Foundation
import NIOSSL
import Synchronization

/// How servers are verified over TLS: the system's authorities and, where the operator names a file, those in it; TLS 1.2
/// at least. The same for every connection that Martlet opens.
public enum ClientTLS {
  /// Authorities in a file, as it was when they were read.
  private struct Authorities: Hashable {
    let path: String?
    let changedAt: Date?
    let size: Int?
  }

  /// One for all who trust the same: reading the system's authorities takes milliseconds, and a megabyte for each context.
  private static let contexts = Mutex<[Authorities: NIOSSLContext]>([:])
  /// How many are kept: 16. A file that has changed is read anew; where there are more, all are let go of.
  private static let kept = 16

  /// The context for connections to servers.
  ///
  /// - Parameter file: PEM file of authorities to trust beside the system's (`egress.ca_file`).
  /// - Throws: An error of the TLS library when the file can't be read.
  public static func context(trusting file: String?) throws -> NIOSSLContext {
    // What is mounted into containers is replaced behind a link that stays as it is.
    let path = file.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    let attributes = try path.map { try FileManager.default.attributesOfItem(atPath: $0) } ?? [:]
    let authorities = Authorities(
      path: path, changedAt: attributes[.modificationDate] as? Date, size: attributes[.size] as? Int)
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
