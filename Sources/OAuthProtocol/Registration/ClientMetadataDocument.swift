import StrictCoding

/// A client's metadata as published at its client id.
///
/// The document is refused as a whole if it is not about this very URL or relies on a shared secret; every refusal
/// looks alike to the outside, its reason is for audit (V-094).
///
/// Conforms to: OAuth Client ID Metadata Document draft-00 §4; MCP Authorization, Client ID Metadata Documents.
public struct ClientMetadataDocument: Sendable, Equatable {
  /// Where it was fetched, and the client's id.
  public let clientID: ClientIDMetadataURL
  /// What it says. The authentication method is always set: `none` or `private_key_jwt`.
  public let metadata: ClientMetadata

  /// The most bytes that a document may have (draft-00 §6.6 recommends 5 KB).
  public static let maximumBytes = 5120

  /// Reads a document.
  ///
  /// - Parameters:
  ///   - body: The bytes of a 200 answer.
  ///   - clientID: The URL that was asked for.
  /// - Throws: `OAuthError` with `invalid_client`, always with the same description.
  public init(parsing body: [UInt8], from clientID: ClientIDMetadataURL) throws(OAuthError) {
    guard body.count <= Self.maximumBytes else { throw Self.refusal("size") }
    guard let value = try? JSONReader.parse(body, limits: .metadata), let object = value.objectValue else {
      throw Self.refusal("json")
    }
    guard let id = object["client_id"]?.stringValue, ByteString(id) == ByteString(clientID.string) else {
      throw Self.refusal("client_id differs from the URL")
    }
    guard object["client_secret"] == nil, object["client_secret_expires_at"] == nil else {
      throw Self.refusal("client_secret")
    }
    var metadata: ClientMetadata
    do {
      metadata = try ClientMetadata(json: object)
    } catch {
      throw Self.refusal(error.description)
    }
    guard metadata.clientName != nil else { throw Self.refusal("client_name is missing") }
    guard !metadata.redirectURIs.isEmpty else { throw Self.refusal("redirect_uris is missing") }
    let method = metadata.tokenEndpointAuthMethod ?? .none
    guard !method.usesSharedSecret else { throw Self.refusal("token_endpoint_auth_method") }
    // RFC 7591 §2: which of them would count is anybody's guess.
    guard metadata.jwks == nil || metadata.jwksURI == nil else { throw Self.refusal("jwks beside jwks_uri") }
    if method == .privateKeyJWT, metadata.jwks?.keys.isEmpty ?? true, metadata.jwksURI == nil {
      throw Self.refusal("private_key_jwt without keys")
    }
    metadata.tokenEndpointAuthMethod = method
    self.clientID = clientID
    self.metadata = metadata
  }

  private static func refusal(_ reason: String) -> OAuthError {
    OAuthError(.invalidClient, "the client metadata document is not usable", reason: "client document: \(reason)")
  }
}
