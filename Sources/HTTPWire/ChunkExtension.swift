/// Extensions of a chunk: `;name`, `;name=token`, `;name="text"`, without blanks (RFC 9112 §7.1.1). They mean nothing
/// here, but what hides in them may mean something to another reader (CVE-2025-55315).
enum ChunkExtension {
  /// Where extensions end that begin with the `;` at `start`; `nil` when they aren't whole.
  static func end(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> Int? {
    let limit = start &+ ChunkedDecoder.extensionBytes
    var index = start
    while index < bytes.count, bytes[index] == Byte.semicolon {
      guard let equals = try tokenEnd(bytes, from: index &+ 1, limit) else { return nil }
      index = equals
      guard bytes[index] == UInt8(ascii: "=") else { continue }
      let value = index &+ 1
      guard value < bytes.count else { return nil }
      let end =
        bytes[value] == Byte.quote
        ? try textEnd(bytes, from: value &+ 1, limit) : try tokenEnd(bytes, from: value, limit)
      guard let end else { return nil }
      index = end
    }
    return index < bytes.count ? index : nil
  }

  private static func tokenEnd(_ bytes: Span<UInt8>, from start: Int, _ limit: Int) throws(WireError) -> Int? {
    var index = start
    while index < bytes.count, ByteClass.isToken(bytes[index]) {
      index &+= 1
      guard index <= limit else { throw .chunk }
    }
    guard index < bytes.count else { return nil }
    guard index > start else { throw bytes[index] == Byte.lineFeed ? .lineEnd : .chunk }
    return index
  }

  private static func textEnd(_ bytes: Span<UInt8>, from start: Int, _ limit: Int) throws(WireError) -> Int? {
    var index = start
    while index < bytes.count, bytes[index] != Byte.quote {
      // What an escape stands for is a matter of opinion.
      guard ByteClass.isText(bytes[index]), bytes[index] != UInt8(ascii: "\\") else { throw .chunk }
      index &+= 1
      guard index <= limit else { throw .chunk }
    }
    return index &+ 1 < bytes.count ? index &+ 1 : nil
  }
}
