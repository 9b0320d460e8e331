/// Header fields as the request path sees them, whatever codec read them: names in ASCII lower case, order kept.
///
/// One buffer holds the bytes, as they stood in the head or as they were added; an index says where names and values
/// are. Nothing becomes a `String` before somebody asks for it.
public struct HeaderFields: Sendable {
  struct Entry: Sendable {
    var nameStart: UInt32
    var nameEnd: UInt32
    var valueStart: UInt32
    var valueEnd: UInt32
    var known: KnownField?

    var name: Range<Int> { Int(nameStart)..<max(Int(nameStart), Int(nameEnd)) }
    var value: Range<Int> { Int(valueStart)..<max(Int(valueStart), Int(valueEnd)) }
  }

  private(set) var bytes: [UInt8]
  private(set) var entries: [Entry]
  /// Whether every field may stand in a head: a token as its name, no control character in its value.
  public private(set) var isSendable = true
  /// The fields as a head has them, where that was worked out before.
  private(set) var written: [UInt8]?

  /// No fields.
  public init() {
    bytes = []
    entries = []
  }

  /// Takes fields whose names are already lower case.
  public init(lowercased fields: [(name: String, value: String)]) {
    self.init()
    bytes.reserveCapacity(fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count })
    entries.reserveCapacity(fields.count)
    for (name, value) in fields { add(name, value) }
  }

  /// Takes a head that was parsed; the grammar has been checked, names are not folded yet.
  init(head: [UInt8], entries: [Entry]) {
    bytes = head
    self.entries = entries
    bytes.withUnsafeMutableBytes { bytes in
      for entry in entries {
        var index = Int(entry.nameStart)
        let end = Int(entry.nameEnd)
        while index &+ 8 <= end {
          let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          bytes.storeBytes(of: ByteClass.lower(word), toByteOffset: index, as: UInt64.self)
          index &+= 8
        }
        while index < end {
          bytes[index] = ByteClass.lower(bytes[index])
          index &+= 1
        }
      }
    }
  }

  /// The same fields, for many heads: how they are written is worked out now.
  public func writtenOut() -> HeaderFields {
    var writer = HeadWriter()
    writer.add(self)
    var copy = self
    copy.written = writer.isValid ? Array(writer.bytes) : nil
    return copy
  }

  /// Adds a field. One that can't stand in a head makes the whole unsendable.
  ///
  /// - Parameters:
  ///   - name: Lower case.
  ///   - value: Without line breaks.
  public mutating func add(_ name: String, _ value: String) {
    if entries.isEmpty {
      bytes.reserveCapacity(256)
      entries.reserveCapacity(8)
    }
    let start = bytes.count
    bytes.append(contentsOf: name.utf8)
    let middle = bytes.count
    bytes.append(contentsOf: value.utf8)
    let end = bytes.count
    let isToken = ByteClass.isToken(bytes.span, start, middle)
    if !isToken || !ByteClass.isValue(bytes.span, middle, end) { isSendable = false }
    written = nil
    let known = isToken ? KnownFieldTable.shared.field(bytes.span, start, middle) : nil
    entries.append(
      Entry(
        nameStart: UInt32(truncatingIfNeeded: start), nameEnd: UInt32(truncatingIfNeeded: middle),
        valueStart: UInt32(truncatingIfNeeded: middle), valueEnd: UInt32(truncatingIfNeeded: end), known: known))
  }
}
