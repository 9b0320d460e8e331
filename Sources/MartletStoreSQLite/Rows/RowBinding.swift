import GRDB
import GRDBSQLite
import MartletDomain
import StrictCoding

/// The values of one row on their way into a prepared statement: texts lie one behind the other in memory that is used
/// again for the next row, and SQLite reads them where they are.
struct RowBinding {
  private enum Value {
    case nothing
    case number(Int64)
    case text(Range<Int>)
    case bytes(Range<Int>)
  }

  private var values: [Value] = []
  private var memory: [UInt8] = []

  /// Begins a row.
  mutating func clear() {
    values.removeAll(keepingCapacity: true)
    memory.removeAll(keepingCapacity: true)
  }

  mutating func add(_ number: Int64?) { values.append(number.map { .number($0) } ?? .nothing) }

  /// Text. What SQLite's text can't carry (a NUL ends it) is bound as bytes, so that two texts never become one.
  mutating func add(_ text: String?) {
    guard var text else { return values.append(.nothing) }
    text.withUTF8 { bytes in
      let range = append(bytes)
      values.append(Self.kinds(of: bytes).hasNUL ? .bytes(range) : .text(range))
    }
  }

  /// Bytes that usually are text.
  mutating func add(_ text: ByteString?) {
    guard let text else { return values.append(.nothing) }
    let range = append(text.bytes)
    let (hasNUL, isASCII) = text.bytes.withUnsafeBufferPointer { Self.kinds(of: $0) }
    let isText = !hasNUL && (isASCII || text.validatedString != nil)
    values.append(isText ? .text(range) : .bytes(range))
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

  mutating func add(bytes: [UInt8]) { values.append(.bytes(append(bytes))) }

  /// Runs the statement with the row.
  ///
  /// - Returns: SQLite's code.
  func run(_ statement: SQLiteStatement) -> CInt {
    memory.withUnsafeBufferPointer { memory in
      for (index, value) in values.enumerated() {
        let code = Self.bind(value, CInt(index + 1), statement, memory)
        if code != SQLITE_OK { return code }
      }
      defer { sqlite3_reset(statement) }
      return sqlite3_step(statement)
    }
  }

  private static func bind(
    _ value: Value, _ index: CInt, _ statement: SQLiteStatement, _ memory: UnsafeBufferPointer<UInt8>
  ) -> CInt {
    switch value {
    case .nothing: return sqlite3_bind_null(statement, index)
    case .number(let number): return sqlite3_bind_int64(statement, index, number)
    case .text(let range):
      // Empty text needs an address too: nothing there would be NULL.
      guard let start = memory.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, nil) }
      return start.withMemoryRebound(to: CChar.self, capacity: memory.count) {
        sqlite3_bind_text(statement, index, $0 + range.lowerBound, CInt(range.count), nil)
      }
    case .bytes(let range):
      guard let start = memory.baseAddress, !range.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
      return sqlite3_bind_blob(statement, index, start + range.lowerBound, CInt(range.count), nil)
    }
  }

  private mutating func append(_ bytes: some Collection<UInt8>) -> Range<Int> {
    let start = memory.count
    memory.append(contentsOf: bytes)
    return start..<memory.count
  }
}
