import StrictCoding

/// Sums up the calls among events, by minute: what a store adds to its own sums in the step that writes the events.
public struct CallTally: Sendable {
  /// The shortest span that sums are kept for.
  public static let minute: Int64 = 60_000

  private struct Slot: Hashable, Sendable {
    let key: CallKey
    let minute: Int64
  }

  /// What an event says of its slot, as it stands there: compared before anything is made of it.
  private struct Traits: Sendable {
    let tenant: TenantID
    let client: ClientID?
    let route: String?
    let tool: String?
    let start: Int64

    var key: CallKey {
      CallKey(
        tenant: tenant, route: ByteString(route ?? ""), tool: ByteString(tool ?? ""), client: client?.value ?? "")
    }

    func areSame(as other: Traits) -> Bool {
      start == other.start && tenant == other.tenant && client == other.client
        && route.equalsBytewise(other.route) && tool.equalsBytewise(other.tool)
    }
  }

  private var slots: [Slot: CallSum] = [:]
  private var access = AccessTally()
  /// The slot of the event before, whose sum isn't among the others yet: what comes together is often alike.
  private var latest: (traits: Traits, sum: CallSum)?

  /// Without any.
  public init() {}

  /// Who last came through where and when.
  public var uses: [AccessUse: Timestamp] { access.uses }

  /// The sums so far.
  public var sums: some Collection<CallSum> {
    var all = self
    all.settle()
    return all.slots.values
  }

  /// Takes an event in, where it is a call.
  public mutating func add(_ entry: AuditEntry) { add(entry.event) }

  private mutating func add(_ event: AuditEvent) {
    let isForwarded = event.action == .exchangeForwarded
    guard isForwarded || event.action == .exchangeRefused, !Self.isPreflight(event) else { return }
    if isForwarded { access.add(event) }
    let start = event.at.milliseconds - event.at.milliseconds % Self.minute
    let traits = Traits(
      tenant: event.tenant, client: event.client, route: event.route, tool: Self.tool(event), start: start)
    if latest?.traits.areSame(as: traits) != true {
      settle()
      latest = (traits, CallSum(key: traits.key, start: Timestamp(milliseconds: start)))
    }
    latest?.sum.take(event, isForwarded: isForwarded)
  }

  private mutating func settle() {
    guard let latest else { return }
    self.latest = nil
    let slot = Slot(key: latest.sum.key, minute: latest.traits.start)
    slots[slot, default: CallSum(key: latest.sum.key, start: latest.sum.start)].add(latest.sum)
  }

  private static func tool(_ event: AuditEvent) -> String? {
    event.method?.equalsBytewise("tools/call") == true ? event.target : nil
  }

  private static func isPreflight(_ event: AuditEvent) -> Bool {
    event.reason?.equalsBytewise("preflight") ?? false
  }
}

extension CallSum {
  fileprivate mutating func take(_ event: AuditEvent, isForwarded: Bool) {
    calls += 1
    guard isForwarded else {
      refused += 1
      return
    }
    if event.reason != nil || (event.status ?? 0) >= 400 { failed += 1 }
    if let duration = event.duration, !event.isListening { durations.add(duration) }
  }
}

extension AuditEvent {
  /// Whether it is about a stream that a client keeps open to listen: how long it took says nothing.
  fileprivate var isListening: Bool {
    guard let method else { return false }
    return method.equalsBytewise("GET") || method.equalsBytewise("subscriptions/listen")
  }
}
