import GRDB
import MartletDomain

/// The embedded durable store: one SQLite file in WAL mode, synced on every commit.
///
/// Each protocol method is one transaction; writes begin with `BEGIN IMMEDIATE`. Several processes may use the file at
/// once.
public final class SQLiteStore: DurableStore {
  /// The connections; a test seam.
  package let pool: DatabasePool
  private let patience: Duration
  private let file: DatabaseFile
  private let identity: DatabaseFile.Identity?

  /// Opens the file, made and migrated where needed.
  ///
  /// - Parameter path: The database file; its folder has to exist.
  /// - Throws: `StoreOpenError` when the file can't be used; a refused file is left as it is.
  public convenience init(path: String) throws(StoreOpenError) {
    try self.init(path: path, busyTimeout: .seconds(5))
  }

  /// Opens the file with another patience for its write lock; a test seam.
  package init(path: String, busyTimeout: Duration) throws(StoreOpenError) {
    pool = try DatabaseOpening(path: path, busyTimeout: busyTimeout).open()
    patience = busyTimeout
    file = DatabaseFile(path: path)
    identity = file.identity
  }

  /// Closes the connections after what is under way. Every later call throws `StoreError.unavailable`.
  public func close() throws(StoreError) {
    do { try pool.close() } catch { throw StoreError(translating: error) }
  }

  /// A file that was removed or replaced can be read and written for as long as it is open, and nobody would find what
  /// was written: neither other processes nor the next start.
  private func checkPlace() throws {
    guard file.identity == identity else {
      throw StoreError.unavailable("the database was removed or replaced; stop, put it back, start again")
    }
  }

  /// Runs queries on one snapshot.
  func read<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws(StoreError)
    -> Answer
  {
    do {
      try checkPlace()
      return try await pool.read(body)
    } catch { throw StoreError(translating: error) }
  }

  /// Runs one immediate transaction; it is durable when this returns.
  ///
  /// Writes stand in line. One that stood there for the whole patience fails without trying, or each of many would wait
  /// for a locked file after the other.
  func write<Answer: Sendable>(_ body: @escaping @Sendable (Database) throws -> Answer) async throws(StoreError)
    -> Answer
  {
    let latest = ContinuousClock.now + patience
    do {
      try checkPlace()
      return try await pool.writeWithoutTransaction { database in
        guard ContinuousClock.now < latest else { throw StoreError.unavailable("the database is busy") }
        var answer: Answer?
        try database.inTransaction(.immediate) {
          answer = try body(database)
          return .commit
        }
        guard let answer else { throw StoreError.unavailable("the transaction gave no answer") }
        return answer
      }
    } catch {
      throw StoreError(translating: error)
    }
  }
}
