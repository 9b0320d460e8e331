/// Writes JSON in one form: members in order, numbers by their literal, only what must be escaped is escaped.
public enum JSONWriter {
  /// Encodes a value as UTF-8.
  ///
  /// - Parameters:
  ///   - value: What to write.
  ///   - pretty: Whether to indent by two spaces, for people.
  public static func write(_ value: JSONValue, pretty: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(512)
    append(value, to: &output, pretty: pretty, level: 0)
    return output
  }

  /// Encodes a value as text.
  public static func string(_ value: JSONValue, pretty: Bool = false) -> String {
    String(decoding: write(value, pretty: pretty), as: UTF8.self)
  }

  private static func append(_ value: JSONValue, to output: inout [UInt8], pretty: Bool, level: Int) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let truth): output.append(contentsOf: (truth ? "true" : "false").utf8)
    case .number(let number): output.append(contentsOf: number.literal.utf8)
    case .string(let text): appendString(text, to: &output)
    case .array(let elements):
      append(elements, in: (UInt8(ascii: "["), UInt8(ascii: "]")), to: &output, pretty: pretty, level: level) {
        element, output in
        append(element, to: &output, pretty: pretty, level: level + 1)
      }
    case .object(let object):
      append(object.members, in: (UInt8(ascii: "{"), UInt8(ascii: "}")), to: &output, pretty: pretty, level: level) {
        member, output in
        appendString(member.key, to: &output)
        output.append(UInt8(ascii: ":"))
        if pretty { output.append(UInt8(ascii: " ")) }
        append(member.value, to: &output, pretty: pretty, level: level + 1)
      }
    }
  }

  private static func append<Element>(
    _ elements: [Element], in brackets: (UInt8, UInt8), to output: inout [UInt8], pretty: Bool, level: Int,
    each: (Element, inout [UInt8]) -> Void
  ) {
    output.append(brackets.0)
    for (index, element) in elements.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      if pretty { appendBreak(level: level + 1, to: &output) }
      each(element, &output)
    }
    if pretty && !elements.isEmpty { appendBreak(level: level, to: &output) }
    output.append(brackets.1)
  }

  private static func appendBreak(level: Int, to output: inout [UInt8]) {
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: level * 2))
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)

  private static func appendString(_ text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    text.withBytes { bytes in
      var start = 0
      while start < bytes.count {
        let end = plainEnd(bytes, from: start)
        output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<end]))
        guard end < bytes.count else { break }
        appendEscape(of: bytes[end], to: &output)
        start = end + 1
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  /// The place of the next byte that must be escaped, or the end; eight bytes at a step.
  private static func plainEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    while index &+ 8 <= bytes.count {
      let word = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
      let found = JSONScanner.ends(in: word) | JSONScanner.deletes(in: word)
      if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < bytes.count, !mustEscape(bytes[index]) { index &+= 1 }
    return index
  }

  private static func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    default:
      output.append(contentsOf: "u00".utf8)
      output.append(hexDigits[Int(byte >> 4)])
      output.append(hexDigits[Int(byte & 0x0F)])
    }
  }
}
