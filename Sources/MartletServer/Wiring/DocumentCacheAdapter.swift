import MartletAuthorizationServer
import MartletDomain
import OAuthClient
import StrictCoding

/// Keeps fetched client documents in the durable store, so that stale-if-error outlives a restart (G10).
///
/// A stored body is `freshUntil(8 bytes, big endian) ‖ document`.
struct DocumentCacheAdapter: DocumentCacheStore {
  let store: any FetchedDocumentStore

  func load(_ key: ByteString) async throws -> CachedDocument? {
    guard let (body, fetchedAt) = try await store.fetchedDocument(key.string), body.count >= 8 else { return nil }
    let freshUntil = body.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    return CachedDocument(body: Array(body.dropFirst(8)), fetchedAt: fetchedAt.milliseconds, freshUntil: freshUntil)
  }

  func save(_ document: CachedDocument, for key: ByteString) async throws {
    let stamp = withUnsafeBytes(of: document.freshUntil.bigEndian) { Array($0) }
    try await store.saveFetchedDocument(
      key.string, body: stamp + document.body, fetchedAt: Timestamp(milliseconds: document.fetchedAt))
  }

  /// A document that became invalid is kept as one that is nobody's.
  func remove(_ key: ByteString) async throws {
    try await store.saveFetchedDocument(key.string, body: [], fetchedAt: Timestamp(milliseconds: 0))
  }
}
