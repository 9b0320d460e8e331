import StrictCoding

/// Documents that are forgotten at the end of the process.
public actor MemoryDocumentCacheStore: DocumentCacheStore {
  private var documents: BoundedCache<ByteString, CachedDocument>

  /// - Parameter capacity: How many documents are kept.
  public init(capacity: Int = 1_000) {
    documents = BoundedCache(capacity: capacity)
  }

  /// Loads a document.
  public func load(_ key: ByteString) -> CachedDocument? { documents[key] }

  /// Saves a document; beyond the capacity, the one used longest ago is forgotten.
  public func save(_ document: CachedDocument, for key: ByteString) { documents[key] = document }

  /// Removes a document.
  public func remove(_ key: ByteString) { documents[key] = nil }
}
