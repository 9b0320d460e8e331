import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells whether the file behind a name has changed, or is another. Links are followed, all of them: what is mounted into
/// containers is replaced behind links whose names stay as they are.
public struct FileStamp: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64
  private let size: Int64
  private let changedAt: [Int]

  /// Looks at a file as it is now.
  ///
  /// - Parameter path: Its name, or that of a link to it.
  /// - Throws: `POSIXError` where there is no such file, or it can't be looked at.
  public init(path: String) throws {
    var found = stat()
    guard stat(path, &found) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    device = UInt64(found.st_dev)
    number = UInt64(found.st_ino)
    size = Int64(found.st_size)
    #if canImport(Darwin)
      let (modified, changed) = (found.st_mtimespec, found.st_ctimespec)
    #else
      let (modified, changed) = (found.st_mtim, found.st_ctim)
    #endif
    changedAt = [modified.tv_sec, modified.tv_nsec, changed.tv_sec, changed.tv_nsec]
  }
}
