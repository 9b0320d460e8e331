import OAuthProtocol
import StrictCoding

extension MetadataDiscovery {
  /// Fetches the metadata of the protected resource that an MCP server is, from where its challenge says, then from the
  /// well-known places.
  ///
  /// Servers name themselves loosely: an origin, or a path above their endpoint, is taken as well (as clients do), as
  /// long as the origin is the server's own. Anything else speaks for somebody else.
  ///
  /// Conforms to: RFC 9728 §3; MCP 2026-07-28 Authorization Server Location; protocol.md D17.
  ///
  /// - Parameters:
  ///   - server: The server's URL.
  ///   - named: `resource_metadata` of the server's challenge, where it had one.
  /// - Returns: The metadata.
  /// - Throws: `DiscoveryError`.
  public func protectedResource(
    covering server: AbsoluteURL, namedAt named: AbsoluteURL?
  ) async throws(DiscoveryError) -> ProtectedResourceMetadata {
    let known = WellKnownURL.protectedResource(server)
    let places = named.map { [$0] + known.filter { $0 != named } } ?? known
    return try await first(of: places) { json throws(DiscoveryError) in
      guard let metadata = try? ProtectedResourceMetadata(json: json) else { throw .malformed }
      guard let resource = try? AbsoluteURL(parsing: metadata.resource), resource.covers(server) else {
        throw .identifierMismatch
      }
      return metadata
    }
  }
}

extension AbsoluteURL {
  /// Whether another URL has the same origin and a path below this one.
  fileprivate func covers(_ other: AbsoluteURL) -> Bool {
    guard origin == other.origin, fragment == nil, query == nil || ByteString(string) == ByteString(other.string) else {
      return false
    }
    var own = Array(path.utf8)
    while own.last == UInt8(ascii: "/") { own.removeLast() }
    let rest = Array(other.path.utf8)
    guard rest.starts(with: own) else { return false }
    return rest.count == own.count || rest[own.count] == UInt8(ascii: "/")
  }
}
