/// A record, and its place in the order in which the store took records of all tenants.
public struct PlacedRecord: Sendable, Hashable {
  /// Its place; grows, without holes but for records that retention has removed.
  public let position: Int64
  /// The record.
  public let record: AuditRecord

  /// Describes a record.
  public init(position: Int64, record: AuditRecord) {
    self.position = position
    self.record = record
  }
}

/// Remembers how far each sink has been told. Of several processes on one store, one tells a sink at a time.
public protocol TrailCursorStore: Sendable {
  /// The records behind a place, in order. Those from before the chain have none.
  func auditRecords(afterPosition position: Int64, limit: Int) async throws(StoreError) -> [PlacedRecord]

  /// The place of the last record; 0 where there is none.
  func lastAuditPosition() async throws(StoreError) -> Int64

  /// Takes or keeps the right to tell a sink. A sink that was never heard of begins behind the last record.
  ///
  /// - Parameters:
  ///   - sink: Which.
  ///   - holder: Who.
  ///   - now: When.
  ///   - end: Until when others keep off.
  /// - Returns: How far it was told; `nil` where another holds it.
  func holdTrailCursor(
    _ sink: String, by holder: String, at now: Timestamp, until end: Timestamp
  ) async throws(StoreError) -> Int64?

  /// Notes how far a sink was told.
  ///
  /// - Returns: Whether `holder` holds it still; nothing was noted otherwise.
  func advanceTrailCursor(_ sink: String, by holder: String, to position: Int64) async throws(StoreError) -> Bool

  /// Lets others tell a sink.
  func releaseTrailCursor(_ sink: String, by holder: String) async throws(StoreError)
}
