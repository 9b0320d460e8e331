import MartletDomain

extension MemoryStore {
  /// See `TrailCursorStore`.
  public func auditRecords(
    afterPosition position: Int64, limit: Int
  ) async throws(StoreError) -> [PlacedRecord] {
    try access { Array($0.placedRecords.filter { $0.position > position }.prefix(max(0, limit))) }
  }

  /// See `TrailCursorStore`.
  public func lastAuditPosition() async throws(StoreError) -> Int64 { try access { $0.lastPlace } }

  /// See `TrailCursorStore`.
  public func holdTrailCursor(
    _ sink: String, by holder: String, at now: Timestamp, until end: Timestamp
  ) async throws(StoreError) -> Int64? {
    try access { state in
      let known = state.trailCursors[sink]
      if let known, known.holder != holder, known.until > now { return nil }
      let position = known?.position ?? state.lastPlace
      state.trailCursors[sink] = .init(position: position, holder: holder, until: end)
      return position
    }
  }

  /// See `TrailCursorStore`.
  public func advanceTrailCursor(
    _ sink: String, by holder: String, to position: Int64
  ) async throws(StoreError) -> Bool {
    try access { state in
      guard state.trailCursors[sink]?.holder == holder else { return false }
      state.trailCursors[sink]?.position = position
      return true
    }
  }

  /// See `TrailCursorStore`.
  public func releaseTrailCursor(_ sink: String, by holder: String) async throws(StoreError) {
    try access { state in
      if state.trailCursors[sink]?.holder == holder { state.trailCursors[sink]?.until = .distantPast }
    }
  }
}
