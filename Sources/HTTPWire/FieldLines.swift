/// Reads field lines, one after the other; the shared part of request heads, answers' heads and trailers.
///
/// A line is looked at anew until it is whole, so that nothing but the end of the last whole line has to be remembered
/// between two pieces.
struct FieldLines: Sendable {
  enum Step {
    /// The line isn't whole.
    case needsMore
    /// A field; the next line begins where `next` says.
    case field(HeaderFields.Entry, next: Int)
    /// The empty line; what follows begins where `next` says.
    case end(next: Int)
  }

  let limits: HeadLimits
  private let known = KnownFieldTable.shared
  /// Bytes of whole lines.
  private(set) var usedBytes = 0
  /// Whole lines.
  private(set) var count = 0

  init(limits: HeadLimits) { self.limits = limits }

  /// Begins another head.
  mutating func restart() { (usedBytes, count) = (0, 0) }

  /// Reads the line that begins at `start`.
  mutating func next(_ bytes: Span<UInt8>, at start: Int) throws(WireError) -> Step {
    let allowed = start &+ min(limits.fieldBytes &+ 2, limits.totalBytes &- usedBytes)
    let end = min(bytes.count, allowed)
    let more: WireError? = end < bytes.count || end < start ? .fieldsTooLarge : nil
    guard start < end else { return try wait(more) }
    let first = bytes[start]
    if first == Byte.carriageReturn {
      guard start &+ 1 < bytes.count else { return .needsMore }
      guard bytes[start &+ 1] == Byte.lineFeed else { throw .lineEnd }
      return .end(next: start &+ 2)
    }
    if first == Byte.lineFeed { throw .lineEnd }
    if ByteClass.isBlank(first) { throw .folding }
    guard count < limits.fields else { throw .fieldsTooLarge }
    var colon = Self.firstColon(bytes, from: start, to: end)
    // The name of a known field is a token.
    let field = known.field(bytes, start, colon)
    if field == nil {
      colon = start
      while colon < end, ByteClass.isToken(bytes[colon]) { colon &+= 1 }
    }
    guard colon < end else { return try wait(more) }
    guard bytes[colon] == Byte.colon, colon > start else { throw .fieldName }
    guard let stop = try Self.valueEnd(bytes, from: colon &+ 1, to: end) else { return try wait(more) }
    usedBytes &+= stop &+ 2 &- start
    count &+= 1
    return .field(try entry(bytes, start, colon, stop, field), next: stop &+ 2)
  }

  /// Says that more has to come, or that no more may.
  private func wait(_ error: WireError?) throws(WireError) -> Step {
    if let error { throw error }
    return .needsMore
  }

  /// The first colon of a line, where a known name may end there; else some later place.
  private static func firstColon(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let end = min(end, bytes.count, start &+ KnownFieldTable.width &+ 1)
    guard start >= 0 else { return end }
    var index = start
    while index &+ 8 <= end {
      let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
      let mixed = word ^ 0x3A3A_3A3A_3A3A_3A3A
      let flags = (mixed &- 0x0101_0101_0101_0101) & ~mixed & 0x8080_8080_8080_8080
      if flags != 0 { return index &+ flags.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < end, bytes[index] != Byte.colon { index &+= 1 }
    return index
  }

  /// Where the value's line ends, at its CR; `nil` when that isn't there yet.
  private static func valueEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(WireError) -> Int? {
    var index = ByteClass.firstControl(in: bytes, from: start, to: end)
    while index < end {
      switch bytes[index] {
      case Byte.tab: index = ByteClass.firstControl(in: bytes, from: index &+ 1, to: end)
      case Byte.carriageReturn:
        guard index &+ 1 < end else { return nil }
        guard bytes[index &+ 1] == Byte.lineFeed else { throw .lineEnd }
        return index
      case Byte.lineFeed: throw .lineEnd
      default: throw .fieldValue
      }
    }
    return nil
  }

  /// Without the blanks around the value, which belong to the message (RFC 9110 §5.5). Readers differ about tabs around
  /// what frames a body.
  private func entry(_ bytes: Span<UInt8>, _ start: Int, _ colon: Int, _ stop: Int, _ field: KnownField?)
    throws(WireError) -> HeaderFields.Entry
  {
    var (first, last) = (colon &+ 1, stop)
    while first < last, ByteClass.isBlank(bytes[first]) { first &+= 1 }
    while last > first, ByteClass.isBlank(bytes[last &- 1]) { last &-= 1 }
    if field == .contentLength || field == .transferEncoding {
      for index in colon..<stop where bytes[index] == Byte.tab { throw .framing }
    }
    return HeaderFields.Entry(
      nameStart: UInt32(truncatingIfNeeded: start), nameEnd: UInt32(truncatingIfNeeded: colon),
      valueStart: UInt32(truncatingIfNeeded: first), valueEnd: UInt32(truncatingIfNeeded: last), known: field)
  }
}
