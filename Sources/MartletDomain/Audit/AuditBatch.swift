/// Records on their way into the trail, one behind the other: of each the very bytes that its digest covers, and where
/// its fields lie in them. Its memory is used again, so that a record costs no allocation.
public struct AuditBatch: Sendable {
  /// Memory that is written to from its beginning, and what of it is written.
  private var memory: [UInt8] = []
  private var filled = 0
  /// Behind each record.
  private var ends: [Int] = []
  /// For each field of each record, how far behind the record's beginning what it holds begins; 0 where it is absent.
  /// Memory, too: only what belongs to a record means anything.
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
    if memory.isEmpty { makeRoom(for: 512) }
    if places.count - placed < AuditField.count {
      places.append(contentsOf: repeatElement(0, count: max(AuditField.count, places.count)))
    }
    var size = write(event)
    if size > memory.count - filled {
      makeRoom(for: size)
      size = write(event)
    }
    filled += size
    ends.append(filled)
  }

  /// Adds all records of another.
  public mutating func append(_ other: AuditBatch) {
    let (start, size) = (filled, other.filled)
    makeRoom(for: size)
    memory.replaceSubrange(start..<(start + size), with: other.memory[..<size])
    places.replaceSubrange(placed..., with: other.places[..<other.placed])
    ends.append(contentsOf: other.ends.lazy.map { start + $0 })
    filled += size
  }

  /// Lets go of the records and keeps the memory.
  public mutating func removeAll() {
    filled = 0
    ends.removeAll(keepingCapacity: true)
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
  private var placed: Int { ends.count * AuditField.count }

  /// Writes a record behind the others.
  ///
  /// - Returns: How many bytes it has. Where that is more than there is room for, nothing is there.
  private mutating func write(_ event: borrowing AuditEvent) -> Int {
    let (start, first) = (filled, placed)
    return memory.withUnsafeMutableBytes { memory in
      places.withUnsafeMutableBufferPointer { places in
        var record = AuditEncoding(
          UnsafeMutableRawBufferPointer(rebasing: memory[start...]),
          UnsafeMutableBufferPointer(rebasing: places[first..<(first + AuditField.count)]))
        record.write(event)
        return record.count
      }
    }
  }

  @inline(never)
  private mutating func makeRoom(for size: Int) {
    guard memory.count - filled < size else { return }
    let wanted = max(filled + size, memory.count * 2)
    memory.append(contentsOf: repeatElement(0, count: wanted - memory.count))
  }
}
