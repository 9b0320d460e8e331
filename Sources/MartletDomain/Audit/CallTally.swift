import StrictCoding

/// Sums up the calls among events, by minute: what a store adds to its own sums in the step that writes the events.
public struct CallTally: Sendable {
  /// The shortest span that sums are kept for.
  public static let minute: Int64 = 60_000

  private struct Slot: Hashable, Sendable {
    let key: CallKey
    let minute: Int64
  }

  private var slots: [Slot: CallSum] = [:]

  /// Without any.
  public init() {}

  /// The sums so far.
  public var sums: some Collection<CallSum> { slots.values }

  /// Takes an event in, where it is a call.
  public mutating func add(_ event: AuditEvent) {
    let isForwarded = event.action == .exchangeForwarded
    guard isForwarded || event.action == .exchangeRefused, !Self.isPreflight(event) else { return }
    let key = CallKey(
      tenant: event.tenant, route: ByteString(event.route ?? ""), tool: ByteString(Self.tool(event) ?? ""),
      client: event.client?.value ?? "")
    let start = event.at.milliseconds - event.at.milliseconds % Self.minute
    slots[Slot(key: key, minute: start), default: CallSum(key: key, start: Timestamp(milliseconds: start))]
      .take(event, isForwarded: isForwarded)
  }

  private static func tool(_ event: AuditEvent) -> String? {
    event.method.map { $0.utf8.elementsEqual("tools/call".utf8) } == true ? event.target : nil
  }

  private static func isPreflight(_ event: AuditEvent) -> Bool {
    event.reason.map { $0.utf8.elementsEqual("preflight".utf8) } ?? false
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
    return method.utf8.elementsEqual("GET".utf8) || method.utf8.elementsEqual("subscriptions/listen".utf8)
  }
}
