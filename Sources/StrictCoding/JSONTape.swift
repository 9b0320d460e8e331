/// A JSON text that was read strictly and left where it lies: what stands where is known, and values are built when
/// somebody asks for them.
///
/// Entries stand in reading order; a member's key comes right before its value. Immutable; a class, so that the views of a
/// message share it at the price of one reference.
final class JSONTape: Sendable {
  enum Kind: UInt8, Sendable {
    case null, bool, number, string, array, object
  }

  struct Entry: Sendable {
    /// Where the content begins and ends: of a string without its quotes.
    var start: UInt32
    var end: UInt32
    /// The entry after this one and everything inside it.
    var next: UInt32
    var kind: Kind
    /// For strings: no escapes in it, so that its bytes are its text.
    var isVerbatim = true
    var isASCII = true

    var range: Range<Int> { Int(start)..<Int(end) }
  }

  let bytes: [UInt8]
  let entries: [Entry]
  /// An object that was built from the start; then there is nothing else here. It lies here so that a view of it is the
  /// same as any other view: one reference and a place.
  let tree: JSONObject?
  /// Whether some key, anywhere, is escaped or not ASCII.
  let hasUnusualKeys: Bool

  /// Reads one JSON text.
  ///
  /// - Throws: `JSONError` with the first thing that is wrong.
  init(reading bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
    let scanner = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      var scanner = JSONScanner(bytes: buffer, limits: limits)
      try scanner.document()
      return scanner
    }
    self.bytes = bytes
    entries = scanner.entries
    tree = nil
    hasUnusualKeys = scanner.hasUnusualKeys
  }

  init(_ tree: JSONObject) {
    bytes = []
    entries = []
    self.tree = tree
    hasUnusualKeys = true
  }

  // MARK: - Finding

  /// The value of a key in the object at an index, compared bytewise.
  func value(of key: String, in object: Int) -> Int? {
    guard entries[object].kind == .object else { return nil }
    return key.withBytes { wanted in
      entries.withUnsafeBufferPointer { entries in
        bytes.withUnsafeBufferPointer { bytes in
          var index = object + 1
          let end = Int(entries[object].next)
          while index < end {
            if isSame(entries[index], bytes, wanted) { return index + 1 }
            index = Int(entries[index + 1].next)
          }
          return nil
        }
      }
    }
  }

  /// Whether a string is a text. Most differ in length.
  @inline(__always)
  private func isSame(
    _ entry: Entry, _ bytes: UnsafeBufferPointer<UInt8>, _ wanted: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard entry.isVerbatim else { return JSONScanner.unescaped(bytes, entry.range).elementsEqual(wanted) }
    guard Int(entry.end &- entry.start) == wanted.count else { return false }
    return UnsafeBufferPointer(rebasing: bytes[entry.range]).holdsSame(as: wanted)
  }

  /// Calls a closure with every key of an object, whether its bytes are written as they are and ASCII, and the index of
  /// its value.
  func forEachKey(of object: Int, _ body: (UnsafeBufferPointer<UInt8>, _ isPlain: Bool, _ value: Int) -> Void) {
    entries.withUnsafeBufferPointer { entries in
      bytes.withUnsafeBufferPointer { bytes in
        var index = object + 1
        let end = Int(entries[object].next)
        while index < end {
          let entry = entries[index]
          if entry.isVerbatim {
            body(UnsafeBufferPointer(rebasing: bytes[entry.range]), entry.isASCII, index + 1)
          } else {
            JSONScanner.unescaped(bytes, entry.range).withUnsafeBufferPointer { body($0, false, index + 1) }
          }
          index = Int(entries[index + 1].next)
        }
      }
    }
  }

  /// Whether the string at an index is a text.
  func isString(_ index: Int, _ text: String) -> Bool {
    let entry = entries[index]
    guard entry.isVerbatim else { return string(index).equalsBytewise(text) }
    let count = Int(entry.end - entry.start)
    guard text.utf8.count == count else { return false }
    return text.withBytes { theirs in withBytes(index) { $0.holdsSame(as: theirs) } }
  }

  /// The raw bytes of an entry, escapes and all.
  func withBytes<Answer>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
    let range = entries[index].range
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  // MARK: - Building

  func value(_ index: Int) -> JSONValue {
    let entry = entries[index]
    switch entry.kind {
    case .null: return .null
    case .bool: return .bool(bytes[Int(entry.start)] == UInt8(ascii: "t"))
    case .number: return .number(JSONNumber(scanned: text(entry)))
    case .string: return .string(string(index))
    case .array:
      var elements: [JSONValue] = []
      var place = index + 1
      while place < Int(entry.next) {
        elements.append(value(place))
        place = Int(entries[place].next)
      }
      return .array(elements)
    case .object: return .object(object(index))
    }
  }

  func object(_ index: Int) -> JSONObject {
    let end = Int(entries[index].next)
    var members: [(key: String, value: JSONValue)] = []
    members.reserveCapacity(memberCount(index))
    var place = index + 1
    while place < end {
      members.append((string(place), value(place + 1)))
      place = Int(entries[place + 1].next)
    }
    return JSONObject(distinct: members)
  }

  private func memberCount(_ object: Int) -> Int {
    var (count, place) = (0, object + 1)
    while place < Int(entries[object].next) {
      count += 1
      place = Int(entries[place + 1].next)
    }
    return count
  }

  func string(_ index: Int) -> String {
    let entry = entries[index]
    if entry.isVerbatim { return text(entry) }
    return bytes.withUnsafeBufferPointer { buffer in
      String(decoding: JSONScanner.unescaped(buffer, entry.range), as: UTF8.self)
    }
  }

  /// What was proven to be UTF-8 while it was read.
  private func text(_ entry: Entry) -> String {
    bytes.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[entry.range]), as: UTF8.self) }
  }
}
