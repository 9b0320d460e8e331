import StrictCoding

/// A pattern for names: bytes as they are, and `*` for any run of bytes, none too. No other character means anything.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
  /// The longest pattern: 256 bytes.
  public static let longest = 256

  /// The pattern as written.
  public let description: String
  /// What stands between the stars.
  private let pieces: [[UInt8]]
  private let lowered: [[UInt8]]
  /// As ``ComparedName`` folds names; `nil` where that is `lowered`.
  private let folded: [[UInt8]]?

  /// Reads a pattern.
  ///
  /// - Returns: `nil` where it is empty or too long.
  public init?(_ text: String) {
    guard (1...Self.longest).contains(text.utf8.count) else { return nil }
    description = text
    pieces = Array(text.utf8).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Array($0) }
    lowered = pieces.map { ASCIICase.lowercased($0) }
    folded = ComparedName.isPlain(Array(text.utf8)) ? nil : Self.folded(text)
  }

  private static func folded(_ text: String) -> [[UInt8]] {
    let pieces = text.unicodeScalars.split(separator: "*", omittingEmptySubsequences: false)
    return pieces.enumerated().map { index, piece in
      let text = ComparedName.folded(String(piece))
      return Array(
        ComparedName.trimmed(text, leading: index == 0, trailing: index == pieces.count - 1).utf8)
    }
  }

  /// Whether a name fits as it is.
  public func matches(_ name: ByteString) -> Bool { Self.matches(name.bytes, pieces) }

  /// Whether a server may take a name for one that fits: what rules that refuse, and limits, ask.
  func mayMean(_ name: ComparedName) -> Bool {
    if name.isInDoubt || Self.matches(name.lowered, lowered) { return true }
    if name.folded == nil, folded == nil { return false }
    return Self.matches(name.canonical, folded ?? lowered)
  }

  private static func matches(_ name: [UInt8], _ pieces: [[UInt8]]) -> Bool {
    guard let first = pieces.first, let last = pieces.last, pieces.count > 1 else { return pieces.first == name }
    guard name.count >= first.count + last.count, holds(name, first, at: 0),
      holds(name, last, at: name.count - last.count)
    else { return false }
    var rest = name[first.count..<(name.count - last.count)]
    for piece in pieces[1..<(pieces.count - 1)] where !piece.isEmpty {
      guard let end = end(of: piece, in: rest) else { return false }
      rest = rest[end...]
    }
    return true
  }

  /// Most names differ from most patterns in their first byte.
  private static func holds(_ name: [UInt8], _ piece: [UInt8], at start: Int) -> Bool {
    for index in piece.indices where name[start + index] != piece[index] { return false }
    return true
  }

  private static func end(of piece: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= piece.count else { return nil }
    return (bytes.startIndex...(bytes.endIndex - piece.count)).first { bytes[$0...].starts(with: piece) }
      .map { $0 + piece.count }
  }
}
