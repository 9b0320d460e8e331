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
    // Written, not only made that long: on a full disk the kernel ends who touches memory that has no room behind it.
    let zeros = [UInt8](repeating: 0, count: Self.size)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, pwrite(descriptor, zeros, zeros.count, 0) == zeros.count,
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

  /// A process that ended without a word. Held by whoever found it until it was told, or for the next who looks.
  public final class Interruption: Sendable {
    /// How many records it had taken and perhaps not written.
    public let missing: Int64
    private let descriptor: CInt
    private let path: String

    fileprivate init?(_ path: String) {
      let file = open(path, O_RDWR | O_CLOEXEC)
      guard file >= 0 else { return nil }
      // One that was told while this one looked is gone by its name.
      guard flock(file, LOCK_EX | LOCK_NB) == 0, access(path, F_OK) == 0 else {
        Foundation.close(file)
        return nil
      }
      var numbers: [Int64] = [0, 0]
      let count = numbers.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
      missing = count == RunLedger.size ? max(0, numbers[0] - numbers[1]) : 0
      descriptor = file
      self.path = path
    }

    deinit { Foundation.close(descriptor) }

    /// The trail says so; nobody has to find it again.
    public func wasTold() { unlink(path) }
  }

  /// The processes that ended without a word.
  ///
  /// - Parameter folder: `data_dir`.
  public static func interruptions(in folder: String) -> [Interruption] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.utf8.starts(with: prefix.utf8) }.compactMap { Interruption("\(folder)/\($0)") }
  }
}
