/// Reads a body in chunks from bytes that arrive in pieces. Extensions and trailer fields are checked and left out.
///
/// Conforms to: RFC 9112 §7.1, without the blanks that its §7.1.1 lets a reader tolerate.
public struct ChunkedDecoder: Sendable {
  /// The longest size of a chunk, in hexadecimal digits: 16, leading zeros included.
  public static let sizeDigits = 16
  /// The longest extension of a chunk, in bytes: 256.
  public static let extensionBytes = 256
  /// All trailer fields together: 8 KiB, 32 fields.
  public static let trailerLimits = HeadLimits(totalBytes: 8 << 10, fieldBytes: 8 << 10, fields: 32, targetBytes: 0)

  /// What comes next.
  public enum Step: Sendable, Hashable {
    /// After `skipped` bytes that are not body, `count` bytes that are.
    case data(skipped: Int, count: Int)
    /// After `skipped` bytes, more has to arrive; what is behind them is to be given again.
    case needsMore(skipped: Int)
    /// The body ended, and `skipped` bytes with it.
    case end(skipped: Int)
  }

  private enum State: Sendable {
    case size
    case data(Int)
    case dataEnd
    case trailers(FieldLines)
  }

  private var state = State.size

  /// Makes a decoder.
  public init() {}

  /// Reads on.
  ///
  /// - Parameter bytes: Everything that is unread, from where the last step ended.
  /// - Throws: `WireError`; nothing more can be read from there.
  public mutating func next(_ bytes: Span<UInt8>) throws(WireError) -> Step {
    var cursor = 0
    while true {
      switch state {
      case .size:
        guard let (size, next) = try Self.size(bytes, at: cursor) else { return .needsMore(skipped: cursor) }
        cursor = next
        state = size == 0 ? .trailers(FieldLines(limits: Self.trailerLimits)) : .data(size)
      case .data(let remaining):
        let count = min(remaining, bytes.count &- cursor)
        guard count > 0 else { return .needsMore(skipped: cursor) }
        state = count == remaining ? .dataEnd : .data(remaining &- count)
        return .data(skipped: cursor, count: count)
      case .dataEnd:
        guard try Self.skipLineEnd(bytes, at: cursor) else { return .needsMore(skipped: cursor) }
        cursor &+= 2
        state = .size
      case .trailers(var lines):
        switch try lines.next(bytes, at: cursor) {
        case .needsMore: return .needsMore(skipped: cursor)
        case .end(let next): return .end(skipped: next)
        case .field(let entry, let next):
          if Self.isForbidden(entry.known) { throw .trailer }
          cursor = next
          state = .trailers(lines)
        }
      }
    }
  }

  private static func skipLineEnd(_ bytes: Span<UInt8>, at start: Int) throws(WireError) -> Bool {
    guard start < bytes.count else { return false }
    guard bytes[start] == Byte.carriageReturn else { throw .chunk }
    guard start &+ 1 < bytes.count else { return false }
    guard bytes[start &+ 1] == Byte.lineFeed else { throw .lineEnd }
    return true
  }

  /// The size in the line at `start`, and where the chunk begins.
  private static func size(_ bytes: Span<UInt8>, at start: Int) throws(WireError) -> (size: Int, next: Int)? {
    var (size, index) = (0, start)
    while index < bytes.count, let digit = ByteClass.hexValue(bytes[index]) {
      guard index &- start < sizeDigits, size <= Int.max >> 5 else { throw .chunk }
      size = size << 4 | digit
      index &+= 1
    }
    guard index < bytes.count else { return nil }
    guard index > start else { throw .chunk }
    if bytes[index] == Byte.semicolon {
      guard let end = try ChunkExtension.end(bytes, from: index) else { return nil }
      index = end
    }
    guard bytes[index] == Byte.carriageReturn else { throw bytes[index] == Byte.lineFeed ? .lineEnd : .chunk }
    guard index &+ 1 < bytes.count else { return nil }
    guard bytes[index &+ 1] == Byte.lineFeed else { throw .lineEnd }
    return (size, index &+ 2)
  }

  /// Fields that frame, route or authorize: they belong in the head, where everybody looks for them.
  private static func isForbidden(_ field: KnownField?) -> Bool {
    switch field {
    case .contentLength, .transferEncoding, .host, .connection, .trailer, .upgrade, .contentEncoding: true
    default: false
    }
  }
}
