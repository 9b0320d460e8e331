/// Why a database file could not be opened, and what to do about it.
public enum StoreOpenError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The folder is missing, or the path names something that can't be a database file.
  case notFound(path: String)
  /// The file or its folder can't be written.
  case readOnly(path: String)
  /// The disk is full.
  case diskFull(path: String)
  /// Another process holds the file for too long.
  case busy(path: String)
  /// The file is damaged, or is no SQLite database.
  case corrupt(path: String, detail: String)
  /// The file is a database of something else.
  case foreign(path: String)
  /// The file was written by a newer program.
  case newer(path: String, found: Int, known: Int)
  /// The file system refuses what durability needs.
  case notDurable(path: String, detail: String)
  /// Anything else.
  case other(path: String, detail: String)

  /// What is wrong, in one line.
  public var message: String {
    switch self {
    case .notFound(let path): "database \(path): cannot be opened or made"
    case .readOnly(let path): "database \(path): the file or its folder is read-only"
    case .diskFull(let path): "database \(path): the disk is full"
    case .busy(let path): "database \(path): locked by another process"
    case .corrupt(let path, let detail): "database \(path): damaged (\(detail))"
    case .foreign(let path): "database \(path): holds tables that are not Martlet's"
    case .newer(let path, let found, let known):
      "database \(path): database is of a newer version \(found); this program knows \(known)"
    case .notDurable(let path, let detail): "database \(path): commits would not be durable (\(detail))"
    case .other(let path, let detail): "database \(path): \(detail)"
    }
  }

  /// What to do, in one line.
  public var advice: String {
    switch self {
    case .notFound: "check data_dir: the folder must exist and the path must name a file"
    case .readOnly: "give the user that runs martlet the right to write to the data folder and to the file"
    case .diskFull: "free some space on the disk of the data folder, then start again"
    case .busy: "stop the other program that holds the file, then start again"
    case .corrupt: "keep a copy of the file, then restore a backup; nothing in it was changed"
    case .foreign: "choose another data_dir"
    case .newer: "use the newer program or restore a backup"
    case .notDurable: "put data_dir on a local disk; network file systems can't hold the database"
    case .other: "check the data folder and its disk, then start again"
    }
  }

  /// Message and advice.
  public var description: String { "\(message); \(advice)" }
}
