import StrictCoding

/// A client id that is the URL of the client's own metadata document.
///
/// Conforms to: OAuth Client ID Metadata Document draft-00 §3; security-checks V-094.
public struct ClientIDMetadataURL: Hashable, Sendable, CustomStringConvertible {
  /// The URL, byte by byte the client id.
  public let url: AbsoluteURL

  /// Reads a client id.
  ///
  /// - Parameters:
  ///   - clientID: The id as it came.
  ///   - allowsLoopbackHTTP: For tests only: plain http on a loopback host passes too.
  /// - Throws: `OAuthError` with `invalid_client` unless it is https with a path other than `/`, without userinfo,
  ///   fragment and dot segments, 2,048 bytes at most.
  public init(parsing clientID: String, allowsLoopbackHTTP: Bool = false) throws(OAuthError) {
    let url: AbsoluteURL
    do {
      url = try AbsoluteURL(parsing: clientID)
    } catch {
      throw Self.refusal("\(error)")
    }
    guard clientID.utf8.count <= 2048 else { throw Self.refusal("length") }
    let isTestHost = allowsLoopbackHTTP && url.host.isLoopback
    guard url.scheme == .https || isTestHost else { throw Self.refusal("scheme") }
    guard url.fragment == nil else { throw Self.refusal("fragment") }
    guard !url.path.isEmpty, url.path != "/" else { throw Self.refusal("path") }
    guard !url.hasDotSegments else { throw Self.refusal("dot_segment") }
    self.url = url
  }

  /// The client id.
  public var string: String { url.string }

  /// The host, for display and for domain policy.
  public var host: String { url.host.string }

  /// The client id.
  public var description: String { url.string }

  private static func refusal(_ rule: String) -> OAuthError {
    OAuthError(.invalidClient, "client_id is not a usable metadata document URL", reason: "client_id: \(rule)")
  }
}
