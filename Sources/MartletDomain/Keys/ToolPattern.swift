import StrictCoding

/// A pattern of names, where `*` stands for any characters, none included; every other byte stands for itself.
public struct ToolPattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as written.
  public let text: ByteString

  /// Takes a pattern; every text is one.
  public init(_ text: String) { self.text = ByteString(text) }

  /// The pattern as written.
  public var description: String { text.string }

  /// Whether a key or a delegation may name it: it has 1 to 128 characters.
  public var isPlausible: Bool { (1...128).contains(text.string.unicodeScalars.count) }

  /// Whether a name fits, bytewise. Takes time proportional to both lengths at most.
  public func matches(_ name: some Collection<UInt8>) -> Bool {
    let (pattern, name) = (text.bytes, Array(name))
    var (p, n) = (0, 0)
    var retry: (pattern: Int, name: Int)?
    while n < name.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        retry = (p + 1, n)
        p += 1
      } else if p < pattern.count, pattern[p] == name[n] {
        (p, n) = (p + 1, n + 1)
      } else if let last = retry {
        // The last star takes one byte more.
        retry = (last.pattern, last.name + 1)
        (p, n) = (last.pattern, last.name + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
