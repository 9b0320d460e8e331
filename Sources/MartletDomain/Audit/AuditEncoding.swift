import StrictCoding

/// Writes a record as bytes that mean exactly this record: fields in one order, each behind its length, or a mark where it
/// is absent. What is added later goes to the end and only where it is there, so that old records keep their bytes.
///
/// ``AuditRecordView`` reads them.
struct AuditEncoding {
  private static let version: UInt8 = 1
  private static let (absent, bytesFollow, numberFollows): (UInt8, UInt8, UInt8) = (0, 1, 2)
  private static let (keyFollows, traceFollows): (UInt8, UInt8) = (3, 4)

  private let room: UnsafeMutableRawBufferPointer
  /// For each field, where what it holds begins; 0 where it is absent.
  private let places: UnsafeMutableBufferPointer<UInt32>
  /// How many bytes the record has. Where that is more than there is room for, not all of them were written.
  private(set) var count = 0

  /// - Parameters:
  ///   - room: Where the record goes.
  ///   - places: As many as there are fields.
  init(_ room: UnsafeMutableRawBufferPointer, _ places: UnsafeMutableBufferPointer<UInt32>) {
    self.room = room
    self.places = places
  }

  mutating func write(_ event: borrowing AuditEvent) {
    mark(Self.version)
    write(.tenant, event.tenant.value)
    write(.at, event.at.milliseconds)
    write(.action, event.action.rawValue)
    write(.flow, event.flow?.value)
    write(.request, event.request?.value)
    write(.subject, event.subject)
    write(.client, event.client?.value)
    write(.route, event.route)
    write(.method, event.method)
    write(.target, event.target)
    write(.status, event.status.map { Int64($0) })
    write(.reason, event.reason)
    write(.duration, event.duration?.wholeNanoseconds)
    write(.address, event.address)
    // Behind a mark of its own, so that no other addition can read the same.
    add(.key, event.key, behind: Self.keyFollows)
    add(.trace, event.trace, behind: Self.traceFollows)
  }

  private mutating func add(_ field: AuditField, _ text: String?, behind mark: UInt8) {
    guard let text else { return note(field, 0) }
    self.mark(mark)
    write(field, text)
  }

  private mutating func write(_ field: AuditField, _ name: ByteString?) {
    guard let name else { return writeAbsent(field) }
    name.bytes.withUnsafeBufferPointer { write(field, $0) }
  }

  private mutating func write(_ field: AuditField, _ text: String?) {
    guard let text else { return writeAbsent(field) }
    text.withBytes { write(field, $0) }
  }

  private mutating func write(_ field: AuditField, _ bytes: UnsafeBufferPointer<UInt8>) {
    note(field, count + 5)
    guard let place = take(5 + bytes.count) else { return }
    place.storeBytes(of: Self.bytesFollow, as: UInt8.self)
    (place + 1).storeBytes(of: UInt32(truncatingIfNeeded: bytes.count).bigEndian, as: UInt32.self)
    if let start = bytes.baseAddress { (place + 5).copyMemory(from: start, byteCount: bytes.count) }
  }

  private mutating func write(_ field: AuditField, _ number: Int64?) {
    guard let number else { return writeAbsent(field) }
    note(field, count + 1)
    guard let place = take(9) else { return }
    place.storeBytes(of: Self.numberFollows, as: UInt8.self)
    (place + 1).storeBytes(of: number.bigEndian, as: Int64.self)
  }

  private mutating func writeAbsent(_ field: AuditField) {
    note(field, 0)
    mark(Self.absent)
  }

  private mutating func mark(_ mark: UInt8) { take(1)?.storeBytes(of: mark, as: UInt8.self) }

  private func note(_ field: AuditField, _ place: Int) {
    if field.rawValue < places.count { places[field.rawValue] = UInt32(truncatingIfNeeded: place) }
  }

  /// - Returns: Room for so many bytes; `nil` where there is none.
  private mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let start = count
    count += size
    guard count <= room.count else { return nil }
    return room.baseAddress.map { $0 + start }
  }
}
