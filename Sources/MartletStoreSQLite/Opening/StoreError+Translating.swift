import GRDB
import MartletDomain

extension StoreError {
  /// The one place where a driver's error becomes ours.
  init(translating error: any Error) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError: self = Self.translate(error)
    case is CancellationError: self = .unavailable("cancelled")
    default: self = .unavailable("the database driver failed")
    }
  }

  private static func translate(_ error: DatabaseError) -> StoreError {
    // Neither SQL nor arguments are repeated: the message may reach a log.
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_ERROR, .SQLITE_SCHEMA:
      .corrupt("SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")")
    case .SQLITE_BUSY, .SQLITE_LOCKED: .unavailable("the database is locked")
    case .SQLITE_FULL: .unavailable("the disk is full")
    case .SQLITE_READONLY: .unavailable("the database is read-only")
    case .SQLITE_INTERRUPT, .SQLITE_ABORT: .unavailable("cancelled")
    default: .unavailable("SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")")
    }
  }
}
