import Foundation

/// The file itself, before SQLite opens it: made with mode 0600, and kept so.
struct DatabaseFile {
  let path: String

  /// Makes the file where it is missing, and takes others' access away.
  func prepare() throws(StoreOpenError) {
    if access(path, F_OK) != 0 { try create() }
    guard access(path, R_OK | W_OK) == 0 else { throw failure(errno) }
    for suffix in ["", "-wal", "-shm"] { _ = chmod(path + suffix, 0o600) }
  }

  /// How many bytes it has.
  var size: Int64 { status.map { Int64($0.st_size) } ?? 0 }

  /// Which file it is, whatever its name; `nil` where there is none.
  var identity: Identity? {
    status.map { Identity(device: UInt64($0.st_dev), number: UInt64($0.st_ino)) }
  }

  private var status: stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  /// Tells a file from one that was put into its place.
  struct Identity: Hashable, Sendable {
    let device: UInt64
    let number: UInt64
  }

  /// Whether there is hardly any room left; SQLite reports that as an I/O error where it meets it in the shared memory
  /// file.
  var isOnFullDisk: Bool {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    return (attributes?[.systemFreeSize] as? NSNumber).map { $0.int64Value < 65_536 } ?? false
  }

  /// Makes the file aside and links it into place: a descriptor of the real file that is closed here would drop the
  /// locks of another connection of this process (POSIX advisory locks).
  private func create() throws(StoreOpenError) {
    let aside = "\(path).\(getpid())-\(UInt32.random(in: .min ... .max))"
    let descriptor = open(aside, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(errno) }
    close(descriptor)
    defer { unlink(aside) }
    guard link(aside, path) == 0 || errno == EEXIST else { throw failure(errno) }
  }

  private func failure(_ code: CInt) -> StoreOpenError {
    switch code {
    case EACCES, EPERM, EROFS: .readOnly(path: path)
    case ENOSPC, EDQUOT: .diskFull(path: path)
    case ENOENT, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP: .notFound(path: path)
    default: .other(path: path, detail: String(cString: strerror(code)))
    }
  }
}
