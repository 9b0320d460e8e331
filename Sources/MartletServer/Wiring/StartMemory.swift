#if canImport(Glibc)
  import Glibc
#endif

/// What only the start of the program needed.
enum StartMemory {
  /// Gives it back to the system: code that has run and hardly runs again. What is needed after all is taken from the page
  /// cache once more. Does nothing where the system doesn't say what lies where.
  static func giveBack() {
    #if canImport(Glibc)
      for line in read("/proc/self/maps").split(separator: UInt8(ascii: "\n")) {
        guard let range = codeRange(line), let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else {
          continue
        }
        _ = madvise(start, range.count, MADV_DONTNEED)
      }
    #endif
  }

  #if canImport(Glibc)
    /// The system makes such a file while it is read: its size is 0, and each read gives a part.
    private static func read(_ path: String) -> [UInt8] {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return [] }
      defer { close(file) }
      var (text, part) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
      while case let count = Glibc.read(file, &part, part.count), count > 0 { text += part[..<count] }
      return text
    }
  #endif

  /// The addresses of a mapping of code from a file; `nil` for any other. Code is never written to, so that the file has
  /// all of it; what was relocated is not code.
  ///
  /// - Parameter line: One line of `/proc/PID/maps`.
  static func codeRange(_ line: ArraySlice<UInt8>) -> Range<UInt>? {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
    guard parts.count >= 6, parts[1].elementsEqual("r-xp".utf8), parts[5].first == UInt8(ascii: "/") else { return nil }
    let addresses = parts[0].split(separator: UInt8(ascii: "-"))
    guard addresses.count == 2, let start = number(addresses[0]), let end = number(addresses[1]), start < end
    else { return nil }
    return start..<end
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt? {
    String(validating: digits, as: UTF8.self).flatMap { UInt($0, radix: 16) }
  }
}
