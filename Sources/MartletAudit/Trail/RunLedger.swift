import Foundation
import MartletDomain
import StrictCoding

/// How many records a process has accepted and how many it has written, in a file that outlives it: two numbers in
/// memory that the kernel keeps for the file, so that counting costs a store to memory, and `kill -9` loses nothing.
///
/// The file is locked while its process lives. One that can be locked belonged to a process that ended without a word.
public final class RunLedger: @unchecked Sendable {
  // The memory is written under the recorder's lock only, and read by other processes only when this one is gone.
  private let numbers: UnsafeMutablePointer<Int64>
  private let descriptor: CInt
  private let path: String

  private static let prefix = "run-"
  private static let size = 16

  /// Begins a ledger.
  ///
  /// - Parameters:
  ///   - folder: `data_dir`.
  ///   - id: Names this run; hexadecimal.
  /// - Returns: `nil` where the file can't be made.
  public init?(folder: String, id: String) {
    path = "\(folder)/\(Self.prefix)\(id)"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, off_t(Self.size)) == 0,
      let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else {
      Foundation.close(descriptor)
      unlink(path)
      return nil
    }
    numbers = memory.bindMemory(to: Int64.self, capacity: 2)
  }

  /// Notes both numbers; called under one lock.
  func note(accepted: Int64, written: Int64) {
    numbers[0] = accepted
    numbers[1] = written
  }

  /// Ends it in order: nothing is missing.
  public func end() {
    unlink(path)
  }

  deinit {
    munmap(numbers, Self.size)
    Foundation.close(descriptor)
  }

  /// The processes that ended without a word, and how many records of each may be missing at most. Each is found once.
  ///
  /// - Parameter folder: `data_dir`.
  public static func interruptions(in folder: String) -> [Int64] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.utf8.starts(with: prefix.utf8) }.compactMap { missing("\(folder)/\($0)") }
  }

  private static func missing(_ path: String) -> Int64? {
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { Foundation.close(file) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else { return nil }
    var numbers: [Int64] = [0, 0]
    let count = numbers.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    // Who removes it is who reports it.
    guard unlink(path) == 0 else { return nil }
    return count == size ? max(0, numbers[0] - numbers[1]) : 0
  }
}
