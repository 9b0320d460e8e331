import GRDBSQLite

/// Where SQLite takes one value of a row from; what isn't set is NULL. Texts aren't copied: they lie still until the
/// statement has ended.
struct ColumnValue {
  /// SQLite's `SQLITE_TRANSIENT`, a macro that isn't imported: no function, only the address -1.
  private static let copied = withUnsafeBytes(of: -1) { $0.load(as: sqlite3_destructor_type.self) }

  private let context: OpaquePointer

  init(_ context: OpaquePointer) { self.context = context }

  func set(_ number: Int64?) {
    if let number { sqlite3_result_int64(context, number) }
  }

  /// Text that is valid UTF-8. What SQLite's text can't carry (a NUL ends it) is stored as bytes, so that two texts never
  /// become one.
  func set(text bytes: UnsafeBufferPointer<UInt8>?) {
    guard let bytes else { return }
    if Self.kinds(of: bytes).hasNUL { set(bytes) } else { set(fit: bytes) }
  }

  /// Bytes that usually are text.
  func set(name bytes: UnsafeBufferPointer<UInt8>?) {
    guard let bytes else { return }
    let (hasNUL, isASCII) = Self.kinds(of: bytes)
    let isText = !hasNUL && (isASCII || String(validating: bytes, as: UTF8.self) != nil)
    if isText { set(fit: bytes) } else { set(bytes) }
  }

  /// Bytes that are copied.
  func set(digest: UnsafeRawBufferPointer) {
    sqlite3_result_blob(context, digest.baseAddress, CInt(digest.count), Self.copied)
  }

  private func set(fit text: UnsafeBufferPointer<UInt8>) {
    // Empty text needs an address too: nothing there would be NULL.
    guard let start = text.baseAddress, !text.isEmpty else { return sqlite3_result_text(context, "", 0, nil) }
    start.withMemoryRebound(to: CChar.self, capacity: text.count) {
      sqlite3_result_text(context, $0, CInt(text.count), nil)
    }
  }

  private func set(_ blob: UnsafeBufferPointer<UInt8>) {
    guard let start = blob.baseAddress, !blob.isEmpty else { return sqlite3_result_zeroblob(context, 0) }
    sqlite3_result_blob(context, start, CInt(blob.count), nil)
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
