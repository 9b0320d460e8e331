import NIOSSL
import OAuthClient
import Synchronization

/// The certificate and key of the listener, read again when the files change, so that a renewed certificate needs no
/// restart.
final class TLSFiles: Sendable {
  private struct State {
    var context: NIOSSLContext
    var stamp: [FileStamp?]
  }

  private let certificate: String
  private let key: String
  private let state: Mutex<State>

  /// Reads the files.
  ///
  /// - Throws: When they can't be read or don't fit each other.
  init(certificate: String, key: String) throws {
    self.certificate = certificate
    self.key = key
    // First the stamp: files that change while they are read are read once more.
    let stamp = Self.stamp(certificate, key)
    state = Mutex(State(context: try Self.load(certificate, key), stamp: stamp))
  }

  /// The context for a new connection.
  var context: NIOSSLContext { state.withLock { $0.context } }

  /// Takes in changed files; when they are no good, what was read before stays.
  ///
  /// - Returns: Whether something new was read.
  func reloadIfChanged() throws -> Bool {
    let stamp = Self.stamp(certificate, key)
    guard state.withLock({ $0.stamp != stamp }) else { return false }
    let context = try Self.load(certificate, key)
    state.withLock { $0 = State(context: context, stamp: stamp) }
    return true
  }

  private static func load(_ certificate: String, _ key: String) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
    let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return try NIOSSLContext(configuration: configuration)
  }

  private static func stamp(_ files: String...) -> [FileStamp?] { files.map { try? FileStamp(path: $0) } }
}
