import StrictCoding

/// A pattern for names: bytes as they are, and `*` for any run of bytes, none too. No other character means anything.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
  /// The longest pattern: 256 bytes.
  public static let longest = 256

  /// The pattern as written.
  public let description: String
  /// What stands between the stars.
  private let pieces: [[UInt8]]
  private let folded: [[UInt8]]

  /// Reads a pattern.
  ///
  /// - Returns: `nil` where it is empty or too long.
  public init?(_ text: String) {
    guard (1...Self.longest).contains(text.utf8.count) else { return nil }
    description = text
    pieces = Array(text.utf8).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
    folded = pieces.map { ASCIICase.lowercased($0) }
  }

  /// Whether a name fits.
  ///
  /// - Parameters:
  ///   - name: The whole name.
  ///   - ignoringCase: Whether ASCII letters fit in either case. Rules that refuse look at names this way, since a
  ///     server may not care about case either.
  public func matches(_ name: ByteString, ignoringCase: Bool = false) -> Bool {
    ignoringCase
      ? Self.matches(ASCIICase.lowercased(name.bytes), folded) : Self.matches(name.bytes, pieces)
  }

  private static func matches(_ name: [UInt8], _ pieces: [[UInt8]]) -> Bool {
    guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return pieces.first == name }
    guard name.count >= first.count + last.count, name.starts(with: first),
      name.reversed().starts(with: last.reversed())
    else { return false }
    var rest = name[first.count..<(name.count - last.count)]
    for piece in pieces[1..<(pieces.count - 1)] where !piece.isEmpty {
      guard let end = end(of: piece, in: rest) else { return false }
      rest = rest[end...]
    }
    return true
  }

  private static func end(of piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= piece.count else { return nil }
    return (bytes.startIndex...(bytes.endIndex - piece.count)).first { bytes[$0...].starts(with: piece) }
      .map { $0 + piece.count }
  }
}
