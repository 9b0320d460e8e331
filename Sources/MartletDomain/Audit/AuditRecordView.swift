import StrictCoding

/// The records of a batch, where they lie. Only ``AuditBatch/withRecords(_:)`` makes one, and it ends with that call.
public struct AuditRecordViews {
  let bytes: UnsafeRawBufferPointer
  let ends: UnsafeBufferPointer<Int>
  let places: UnsafeBufferPointer<UInt32>

  /// How many there are.
  public var count: Int { ends.count }

  /// A record by its place; where there is none, one without fields.
  public subscript(index: Int) -> AuditRecordView {
    let first = index &* AuditField.count
    guard index >= 0, index < ends.count, first <= places.count - AuditField.count else { return .nothing }
    let (start, end) = (index == 0 ? 0 : ends[index - 1], ends[index])
    guard start >= 0, start <= end, end <= bytes.count else { return .nothing }
    return AuditRecordView(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]),
      places: UnsafeBufferPointer(rebasing: places[first..<(first + AuditField.count)]))
  }
}

/// A record where it lies in a batch; nothing is copied. It ends with the call that it was handed to.
///
/// Every place is compared with the record's end before it is looked at: what isn't whole is absent.
public struct AuditRecordView {
  static var nothing: AuditRecordView {
    AuditRecordView(
      bytes: UnsafeRawBufferPointer(start: nil, count: 0), places: UnsafeBufferPointer(start: nil, count: 0))
  }

  /// What its digest covers.
  public let bytes: UnsafeRawBufferPointer
  let places: UnsafeBufferPointer<UInt32>

  /// Where what a field holds begins, behind the mark; `nil` where it is absent.
  private func start(_ field: AuditField) -> Int? {
    guard field.rawValue < places.count, places[field.rawValue] > 0 else { return nil }
    return Int(places[field.rawValue])
  }

  /// A field's bytes; `nil` where it is absent.
  public func bytes(_ field: AuditField) -> UnsafeBufferPointer<UInt8>? {
    guard let start = start(field), start >= 5, start <= bytes.count else { return nil }
    let count = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start - 4, as: UInt32.self)))
    guard count <= bytes.count - start else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)]).assumingMemoryBound(to: UInt8.self)
  }

  /// A field's number; `nil` where it is absent.
  public func number(_ field: AuditField) -> Int64? {
    guard let start = start(field), start <= bytes.count - 8 else { return nil }
    return Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int64.self))
  }

  /// A field as a name; `nil` where it is absent.
  public func name(_ field: AuditField) -> ByteString? { bytes(field).map { ByteString(Array($0)) } }

  /// A field as text; `nil` where it is absent or none.
  public func text(_ field: AuditField) -> String? { bytes(field).flatMap { String(validating: $0, as: UTF8.self) } }

  /// Whether a field is there.
  func holds(_ field: AuditField) -> Bool { bytes(field) != nil }

  /// Whether a field holds exactly this.
  public func holds(_ field: AuditField, _ text: StaticString) -> Bool {
    guard let bytes = bytes(field) else { return false }
    return text.withUTF8Buffer { bytes.holdsSame(as: $0) }
  }

  /// Whether both hold the same bytes there, or nothing.
  public func isSame(_ field: AuditField, as other: AuditRecordView) -> Bool {
    guard let own = bytes(field), let others = other.bytes(field) else {
      return bytes(field) == nil && other.bytes(field) == nil
    }
    return own.holdsSame(as: others)
  }

  /// What happened; `nil` where that can't be read.
  public var action: AuditAction? { text(.action).flatMap { AuditAction(rawValue: $0) } }

  /// The record as an event, with durations in whole nanoseconds; `nil` where it can't be read.
  public var event: AuditEvent? {
    guard let at = number(.at), let action, let tenant = name(.tenant) else { return nil }
    return AuditEvent(
      at: Timestamp(milliseconds: at), action: action, tenant: TenantID(tenant), flow: name(.flow).map { FlowID($0) },
      request: name(.request).map { RequestID($0) }, subject: text(.subject),
      client: name(.client).map { ClientID($0) }, route: text(.route), method: text(.method), target: text(.target),
      status: number(.status).map { Int($0) }, reason: text(.reason),
      duration: number(.duration).map { .nanoseconds($0) }, address: text(.address), key: text(.key),
      trace: text(.trace))
  }
}
