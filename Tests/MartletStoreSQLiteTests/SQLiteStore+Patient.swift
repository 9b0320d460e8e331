import MartletStoreSQLite

extension SQLiteStore {
  /// A store that waits for as long as a starved machine may need; its patience is for tests of patience.
  convenience init(patient path: String) throws { try self.init(path: path, busyTimeout: .seconds(300)) }
}
