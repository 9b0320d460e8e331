import OAuthProtocol
import StrictCoding

/// Finds and checks the metadata of authorization servers and protected resources.
///
/// Conforms to: RFC 8414 §3; RFC 9728 §3; OpenID Connect Discovery §4; MCP 2026-07-28 Authorization, Discovery.
public struct MetadataDiscovery: Sendable {
  /// Whether a server must say that it supports PKCE.
  public enum PKCERequirement: Sendable {
    /// As MCP demands of clients.
    case required
    /// For an OpenID provider that the operator chose; S256 is sent anyway, and unknown parameters are ignored (RFC
    /// 6749 §3.1).
    case sentAnyway
  }

  private let fetcher: any DocumentFetching

  /// - Parameter fetcher: Guarded for discovered issuers, operator-configured for identity providers.
  public init(fetcher: any DocumentFetching) {
    self.fetcher = fetcher
  }

  /// Fetches the metadata of an issuer.
  ///
  /// - Parameters:
  ///   - issuer: The identifier exactly as configured or as a protected resource named it; compared byte by byte.
  ///   - pkce: Whether the server must say that it supports PKCE with S256.
  ///   - openIDFirst: Whether the OpenID document is tried before RFC 8414's, which may lack what login needs.
  /// - Returns: Metadata whose issuer is the one asked for.
  /// - Throws: `DiscoveryError`; `.unavailable` when a place couldn't be asked and no other place helped.
  public func authorizationServer(
    issuer: String, pkce: PKCERequirement = .required, openIDFirst: Bool = false
  ) async throws(DiscoveryError) -> AuthorizationServerMetadata {
    guard let url = try? AbsoluteURL(parsing: issuer), url.query == nil, url.fragment == nil else {
      throw .invalidIdentifier
    }
    let places = WellKnownURL.authorizationServer(url, openIDFirst: openIDFirst)
    return try await first(of: places) { json throws(DiscoveryError) in
      guard let metadata = try? AuthorizationServerMetadata(json: json) else { throw .malformed }
      guard ByteString(metadata.issuer) == ByteString(issuer) else { throw .identifierMismatch }
      if pkce == .required, !metadata.supportsS256 { throw .noPKCE }
      if url.scheme == .https { try Self.requireHTTPS(metadata) }
      return metadata
    }
  }

  /// Fetches the metadata of a protected resource from the well-known places.
  ///
  /// - Parameter resource: The resource identifier; the document's must be the same bytes (RFC 9728 §3.3).
  /// - Returns: Metadata of this very resource.
  /// - Throws: `DiscoveryError`.
  public func protectedResource(_ resource: String) async throws(DiscoveryError) -> ProtectedResourceMetadata {
    guard let url = try? AbsoluteURL(parsing: resource), url.fragment == nil else { throw .invalidIdentifier }
    return try await first(of: WellKnownURL.protectedResource(url)) { json throws(DiscoveryError) in
      try Self.protectedResource(json, expected: resource)
    }
  }

  /// Fetches the metadata of a protected resource from the place that its challenge named.
  ///
  /// - Parameters:
  ///   - url: `resource_metadata` of the challenge.
  ///   - resource: The resource identifier.
  /// - Returns: Metadata of this very resource.
  /// - Throws: `DiscoveryError`.
  public func protectedResource(
    at url: AbsoluteURL, for resource: String
  ) async throws(DiscoveryError) -> ProtectedResourceMetadata {
    try await first(of: [url]) { json throws(DiscoveryError) in
      try Self.protectedResource(json, expected: resource)
    }
  }

  private static func protectedResource(
    _ json: JSONValue, expected: String
  ) throws(DiscoveryError) -> ProtectedResourceMetadata {
    guard let metadata = try? ProtectedResourceMetadata(json: json) else { throw .malformed }
    guard ByteString(metadata.resource) == ByteString(expected) else { throw .identifierMismatch }
    return metadata
  }

  private static func requireHTTPS(_ metadata: AuthorizationServerMetadata) throws(DiscoveryError) {
    let endpoints = [
      ("authorization_endpoint", metadata.authorizationEndpoint), ("token_endpoint", metadata.tokenEndpoint),
      ("jwks_uri", metadata.jwksURI), ("registration_endpoint", metadata.registrationEndpoint),
      ("revocation_endpoint", metadata.revocationEndpoint), ("userinfo_endpoint", metadata.userinfoEndpoint),
    ]
    for (name, text) in endpoints {
      guard let text else { continue }
      guard let url = try? AbsoluteURL(parsing: text), url.scheme == .https else { throw .insecureEndpoint(name) }
    }
  }

  /// The first usable document; otherwise the reason that tells most: trouble that may pass, then a flaw, then absence.
  func first<Document>(
    of places: [AbsoluteURL], read: (JSONValue) throws(DiscoveryError) -> Document
  ) async throws(DiscoveryError) -> Document {
    var trouble: DiscoveryError?
    var flaw: DiscoveryError?
    for place in places {
      do throws(FetchError) {
        let json = try await fetcher.get(place).jsonObject(requireJSONType: false)
        do throws(DiscoveryError) {
          return try read(json)
        } catch {
          flaw = flaw ?? error
        }
      } catch {
        if error.isTransient { trouble = trouble ?? .unavailable(error) }
        if case .blocked = error { flaw = flaw ?? .unavailable(error) }
      }
    }
    throw trouble ?? flaw ?? .notFound
  }
}
