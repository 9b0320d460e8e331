import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `ToolPinStore`.
  public func observeTools(
    _ tools: [SeenTool], tenant: TenantID, route: RouteID, capacity: Int, at now: Timestamp
  ) async throws(StoreError) -> (pins: [ToolPin], noticed: [ByteString]) {
    try access { state in
      var known: [ByteString: ToolPin] = [:]
      for pin in state.toolPins where pin.tenant == tenant && pin.route == route { known[pin.tool] = pin }
      var noticed: [ByteString] = []
      for seen in tools {
        let (pin, isNoticed) = ToolPin.observing(
          seen, known[seen.tool], tenant: tenant, route: route, isFull: known.count >= capacity, at: now)
        guard let pin else { continue }
        known[seen.tool] = pin
        if isNoticed { noticed.append(seen.tool) }
      }
      state.toolPins.removeAll { $0.tenant == tenant && $0.route == route }
      state.toolPins += known.values
      return (known.values.sorted { $0.tool < $1.tool }, noticed)
    }
  }

  /// See `ToolPinStore`.
  public func acceptTool(_ tool: ByteString, tenant: TenantID, route: RouteID, at now: Timestamp)
    async throws(StoreError) -> Bool
  {
    try access { state in
      let index = state.toolPins.firstIndex {
        $0.tenant == tenant && $0.route == route && $0.tool == tool && $0.changed != nil
      }
      guard let index else { return false }
      state.toolPins[index].trusted = state.toolPins[index].changed
      (state.toolPins[index].changed, state.toolPins[index].changedAt) = (nil, now)
      return true
    }
  }

  /// See `ToolPinStore`.
  public func toolPins(tenant: TenantID) async throws(StoreError) -> [ToolPin] {
    try access { state in
      state.toolPins.filter { $0.tenant == tenant }
        .sorted { (ByteString($0.route.path), $0.tool) < (ByteString($1.route.path), $1.tool) }
    }
  }
}
