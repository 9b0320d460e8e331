import OAuthProtocol

/// Gets the document that a client id points to; `ClientMetadataDocuments` in production.
public protocol ClientDocumentSource: Sendable {
  /// The client's current document.
  ///
  /// - Parameter clientID: The id, already of the right shape.
  /// - Throws: `ClientLookupError`: `.unknown` says something about the client, `.unavailable` about the moment.
  func clientDocument(for clientID: ClientIDMetadataURL) async throws(ClientLookupError) -> ClientMetadataDocument
}
