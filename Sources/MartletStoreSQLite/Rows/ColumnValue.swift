import GRDBSQLite
import StrictCoding

/// Where SQLite takes one value of a row from; what isn't set is NULL. Texts are copied while they are handed over.
struct ColumnValue {
  /// SQLite's `SQLITE_TRANSIENT`, a macro that isn't imported: no function, only the address -1.
  private static let copied = withUnsafeBytes(of: -1) { $0.load(as: sqlite3_destructor_type.self) }

  private let context: OpaquePointer

  init(_ context: OpaquePointer) { self.context = context }

  func set(_ number: Int64?) {
    if let number { sqlite3_result_int64(context, number) }
  }

  /// Text. What SQLite's text can't carry (a NUL ends it) is stored as bytes, so that two texts never become one.
  func set(_ text: String?) {
    guard var text else { return }
    text.withUTF8 { bytes in
      if Self.kinds(of: bytes).hasNUL { set(blob: bytes) } else { set(text: bytes) }
    }
  }

  /// Bytes that usually are text.
  func set(_ text: ByteString?) {
    guard let text else { return }
    text.bytes.withUnsafeBufferPointer { bytes in
      let (hasNUL, isASCII) = Self.kinds(of: bytes)
      let isText = !hasNUL && (isASCII || text.validatedString != nil)
      if isText { set(text: bytes) } else { set(blob: bytes) }
    }
  }

  func set(bytes: [UInt8]) { bytes.withUnsafeBufferPointer { set(blob: $0) } }

  private func set(text: UnsafeBufferPointer<UInt8>) {
    // Empty text needs an address too: nothing there would be NULL.
    guard let start = text.baseAddress else { return sqlite3_result_text(context, "", 0, nil) }
    start.withMemoryRebound(to: CChar.self, capacity: text.count) {
      sqlite3_result_text(context, $0, CInt(text.count), Self.copied)
    }
  }

  private func set(blob: UnsafeBufferPointer<UInt8>) {
    guard let start = blob.baseAddress, !blob.isEmpty else { return sqlite3_result_zeroblob(context, 0) }
    sqlite3_result_blob(context, start, CInt(blob.count), Self.copied)
  }

  /// Looks at every byte: a loop without a way out takes many at a step.
  private static func kinds(of bytes: UnsafeBufferPointer<UInt8>) -> (hasNUL: Bool, isASCII: Bool) {
    var (zeros, all) = (0 as UInt8, 0 as UInt8)
    for byte in bytes {
      zeros |= byte == 0 ? 1 : 0
      all |= byte
    }
    return (zeros != 0, all < 0x80)
  }
}
