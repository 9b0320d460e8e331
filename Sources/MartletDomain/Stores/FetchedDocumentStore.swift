/// Keeps small documents that were fetched, so that an outage of their host doesn't lock anyone out (G10).
public protocol FetchedDocumentStore: Sendable {
  /// The document of that key.
  func fetchedDocument(_ key: String) async throws(StoreError) -> (body: [UInt8], fetchedAt: Timestamp)?

  /// Stores a document.
  func saveFetchedDocument(_ key: String, body: [UInt8], fetchedAt: Timestamp) async throws(StoreError)

  /// Removes documents fetched before a time.
  func removeFetchedDocuments(before time: Timestamp) async throws(StoreError)
}
