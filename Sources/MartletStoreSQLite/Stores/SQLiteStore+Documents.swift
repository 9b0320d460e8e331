import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `FetchedDocumentStore`.
  public func fetchedDocument(_ key: String) async throws(StoreError) -> (body: [UInt8], fetchedAt: Timestamp)? {
    try await read { database in
      try database.row("SELECT * FROM fetched_document WHERE key = :key", ["key": .text(key)])
        .map { (try $0.bytes("body"), try $0.time("fetched_at")) }
    }
  }

  /// See `FetchedDocumentStore`.
  public func saveFetchedDocument(_ key: String, body: [UInt8], fetchedAt: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "INSERT OR REPLACE INTO fetched_document (key, body, fetched_at) VALUES (:key, :body, :fetched_at)",
        ["key": .text(key), "body": .bytes(body), "fetched_at": .time(fetchedAt)])
    }
  }

  /// See `FetchedDocumentStore`.
  public func removeFetchedDocuments(before time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM fetched_document WHERE fetched_at < :time", ["time": .time(time)])
    }
  }
}
