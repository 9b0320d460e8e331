import StrictCoding

/// The body of a dynamic client registration.
///
/// A `software_statement` is ignored: nobody is trusted to sign one (RFC 7591 §3.1.1 allows that).
///
/// Conforms to: RFC 7591 §3.1.
public struct ClientRegistrationRequest: Sendable, Equatable {
  /// What the client says about itself.
  public var metadata: ClientMetadata

  /// Makes a request of our own.
  public init(metadata: ClientMetadata) { self.metadata = metadata }

  /// Reads a request body: strict JSON, tolerant members.
  ///
  /// - Throws: `OAuthError` with `invalid_client_metadata` or `invalid_redirect_uri`.
  public init(parsing body: [UInt8]) throws(OAuthError) {
    let value: JSONValue
    do {
      value = try JSONReader.parse(body, limits: .metadata)
    } catch {
      throw OAuthError(.invalidClientMetadata, "the body must be a JSON object", reason: "\(error)")
    }
    guard let object = value.objectValue else {
      throw OAuthError(.invalidClientMetadata, "the body must be a JSON object")
    }
    metadata = try ClientMetadata(json: object)
  }

  /// The body to send to another server.
  public func json() -> [UInt8] { JSONWriter.write(.object(metadata.json())) }
}
