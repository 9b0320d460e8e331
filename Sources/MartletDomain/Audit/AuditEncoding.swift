import StrictCoding

/// Writes a record as bytes that mean exactly this record: fields in one order, each behind its length, or a mark where it
/// is absent. What is added later goes to the end and only where it is there, so that old records keep their bytes.
///
/// ``AuditRecordView`` reads them.
struct AuditEncoding {
  private static let version: UInt8 = 1
  private static let (absent, bytesFollow, numberFollows): (UInt8, UInt8, UInt8) = (0, 1, 2)
  private static let (keyFollows, traceFollows): (UInt8, UInt8) = (3, 4)

  /// Where the record begins.
  private let start: Int
  /// Where the place of the next field is noted.
  private var place: Int

  init(at start: Int, places: Int) {
    self.start = start
    place = places
  }

  mutating func write(_ event: borrowing AuditEvent, to batch: inout AuditBatch) {
    mark(Self.version, &batch)
    write(event.tenant.value, &batch)
    write(event.at.milliseconds, &batch)
    write(event.action.rawValue, &batch)
    write(event.flow?.value, &batch)
    write(event.request?.value, &batch)
    write(event.subject, &batch)
    write(event.client?.value, &batch)
    write(event.route, &batch)
    write(event.method, &batch)
    write(event.target, &batch)
    write(event.status.map { Int64($0) }, &batch)
    write(event.reason, &batch)
    write(event.duration?.wholeNanoseconds, &batch)
    write(event.address, &batch)
    // Behind a mark of its own, so that no other addition can read the same.
    addition(event.key, behind: Self.keyFollows, &batch)
    addition(event.trace, behind: Self.traceFollows, &batch)
  }

  private mutating func addition(_ text: String?, behind mark: UInt8, _ batch: inout AuditBatch) {
    guard let text else {
      place += 1
      return
    }
    self.mark(mark, &batch)
    write(text, &batch)
  }

  private mutating func write(_ field: ByteString?, _ batch: inout AuditBatch) {
    guard let field else { return writeAbsent(&batch) }
    field.bytes.withUnsafeBytes { write(field: $0, &batch) }
  }

  private mutating func write(_ text: String?, _ batch: inout AuditBatch) {
    guard let text else { return writeAbsent(&batch) }
    let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable {
      write(field: UnsafeRawBufferPointer($0), &batch)
    }
    if isWritten == nil { Array(text.utf8).withUnsafeBytes { write(field: $0, &batch) } }
  }

  private mutating func write(field: UnsafeRawBufferPointer, _ batch: inout AuditBatch) {
    batch.note(5, in: place, from: start)
    place += 1
    batch.write(5 + field.count) { place in
      place[0] = Self.bytesFollow
      place.storeBytes(of: UInt32(truncatingIfNeeded: field.count).bigEndian, toByteOffset: 1, as: UInt32.self)
      UnsafeMutableRawBufferPointer(rebasing: place[5...]).copyMemory(from: field)
    }
  }

  private mutating func write(_ number: Int64?, _ batch: inout AuditBatch) {
    guard let number else { return writeAbsent(&batch) }
    batch.note(1, in: place, from: start)
    place += 1
    batch.write(9) { place in
      place[0] = Self.numberFollows
      place.storeBytes(of: number.bigEndian, toByteOffset: 1, as: Int64.self)
    }
  }

  private mutating func writeAbsent(_ batch: inout AuditBatch) {
    place += 1
    mark(Self.absent, &batch)
  }

  private func mark(_ mark: UInt8, _ batch: inout AuditBatch) { batch.write(1) { $0[0] = mark } }
}
