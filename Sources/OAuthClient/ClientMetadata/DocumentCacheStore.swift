import StrictCoding

/// A document as it was fetched; parsed again, and so judged again, whenever it is loaded.
public struct CachedDocument: Sendable, Equatable {
  /// The body of the 200 answer.
  public let body: [UInt8]
  /// When it was fetched, in milliseconds since 1970.
  public let fetchedAt: Int64
  /// Until when it is used without asking again.
  public let freshUntil: Int64

  /// Creates a cached document.
  public init(body: [UInt8], fetchedAt: Int64, freshUntil: Int64) {
    self.body = body
    self.fetchedAt = fetchedAt
    self.freshUntil = freshUntil
  }
}

/// Where fetched documents outlive the process.
///
/// A cache: losing it costs a fetch, so errors are not passed on to clients.
public protocol DocumentCacheStore: Sendable {
  /// Loads a document.
  ///
  /// - Returns: Nil if there is none.
  func load(_ key: ByteString) async throws -> CachedDocument?

  /// Saves a document, replacing an older one; the store bounds its own size.
  func save(_ document: CachedDocument, for key: ByteString) async throws

  /// Removes a document that its owner replaced by something invalid.
  func remove(_ key: ByteString) async throws
}
