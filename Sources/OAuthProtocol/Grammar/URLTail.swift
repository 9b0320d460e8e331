/// What follows the authority: path, query and fragment, checked against RFC 3986.
struct URLTail {
  let path: ArraySlice<UInt8>
  let query: ArraySlice<UInt8>?
  let fragment: ArraySlice<UInt8>?

  init(parsing bytes: ArraySlice<UInt8>) throws(AbsoluteURLError) {
    var rest = bytes
    if let hash = rest.firstIndex(of: UInt8(ascii: "#")) {
      fragment = rest[(hash + 1)...]
      rest = rest[..<hash]
    } else {
      fragment = nil
    }
    if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
      query = rest[(mark + 1)...]
      rest = rest[..<mark]
    } else {
      query = nil
    }
    path = rest
    try Self.check(path, isPath: true)
    if let query { try Self.check(query, isPath: false) }
    if let fragment { try Self.check(fragment, isPath: false) }
  }

  private static func check(_ bytes: ArraySlice<UInt8>, isPath: Bool) throws(AbsoluteURLError) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < bytes.endIndex, ASCII.hexValue(bytes[index + 1]) != nil,
          ASCII.hexValue(bytes[index + 2]) != nil
        else { throw .percentEncoding }
        index += 3
        continue
      }
      let isAllowed =
        ASCII.isPathCharacter(byte) || byte == UInt8(ascii: "/") || (!isPath && byte == UInt8(ascii: "?"))
      guard isAllowed else { throw .character }
      index += 1
    }
  }
}
