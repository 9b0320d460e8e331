import OAuthClient
import OAuthProtocol

extension ClientMetadataDocuments: ClientDocumentSource {
  /// The client's current document, from the cache or fetched under guard.
  ///
  /// - Throws: `ClientLookupError`.
  public nonisolated func clientDocument(
    for clientID: ClientIDMetadataURL
  ) async throws(ClientLookupError) -> ClientMetadataDocument {
    do {
      return try await document(for: clientID)
    } catch {
      switch error {
      case .invalid(let reason): throw .unknown(reason: "document: \(reason)")
      case .unavailable(let reason): throw .unavailable(reason: "document: \(reason)")
      }
    }
  }
}
