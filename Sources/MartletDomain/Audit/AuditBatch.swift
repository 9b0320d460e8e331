/// Records on their way into the trail, one behind the other: of each the very bytes that its digest covers, and where
/// its fields lie in them. Its memory is used again, so that a record costs no allocation.
public struct AuditBatch: Sendable {
  /// Memory that is written to from its beginning, and what of it is written.
  private var memory: [UInt8] = []
  private var filled = 0
  /// Behind each record.
  private var ends: [Int] = []
  /// For each field of each record, how far behind the record's beginning what it holds begins; 0 where it is absent.
  private var places: [UInt32] = []

  /// Takes events.
  public init(_ events: some Sequence<AuditEvent> = []) {
    for event in events { append(event) }
  }

  /// How many records there are.
  public var count: Int { ends.count }

  /// Whether there is none.
  public var isEmpty: Bool { ends.isEmpty }

  /// How many bytes its records can have without asking for more memory.
  public var capacity: Int { memory.count }

  /// Adds an event's record.
  public mutating func append(_ event: borrowing AuditEvent) {
    var record = AuditEncoding(at: filled, places: places.count)
    places.append(contentsOf: repeatElement(0, count: AuditField.count))
    record.write(event, to: &self)
    ends.append(filled)
  }

  /// Adds all records of another.
  public mutating func append(_ other: AuditBatch) {
    let start = filled
    other.memory.withUnsafeBytes { bytes in
      write(other.filled) { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<other.filled])) }
    }
    ends.append(contentsOf: other.ends.lazy.map { start + $0 })
    places.append(contentsOf: other.places)
  }

  /// Lets go of the records and keeps the memory.
  public mutating func removeAll() {
    filled = 0
    ends.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  /// Shows the records where they lie.
  ///
  /// - Parameter body: Must not keep anything of them.
  public func withRecords<Answer>(_ body: (AuditRecordViews) throws -> Answer) rethrows -> Answer {
    try memory.withUnsafeBytes { bytes in
      try ends.withUnsafeBufferPointer { ends in
        try places.withUnsafeBufferPointer { places in
          let written = UnsafeRawBufferPointer(rebasing: bytes[..<filled])
          return try body(AuditRecordViews(bytes: written, ends: ends, places: places))
        }
      }
    }
  }
}

extension AuditBatch {
  /// Writes behind what is written.
  mutating func write(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    if memory.count - filled < count { grow(by: count) }
    memory.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[filled..<(filled + count)])) }
    filled += count
  }

  /// Notes that what a field holds begins so far behind what is written.
  mutating func note(_ ahead: Int, in place: Int, from start: Int) {
    places[place] = UInt32(truncatingIfNeeded: filled - start + ahead)
  }

  @inline(never)
  private mutating func grow(by count: Int) {
    let size = max(filled + count, memory.count * 2, 4096)
    memory.append(contentsOf: repeatElement(0, count: size - memory.count))
  }
}
