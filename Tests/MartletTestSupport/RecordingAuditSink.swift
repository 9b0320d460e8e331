import MartletDomain
import Synchronization

/// Keeps every event for a test to look at.
public final class RecordingAuditSink: AuditSink, Sendable {
  private struct State {
    var events: [AuditEvent] = []
    var hasRoom = true
    var failure: StoreError?
  }

  private let state = Mutex(State())

  /// Makes an empty sink.
  public init() {}

  /// What was recorded, oldest first.
  public var events: [AuditEvent] { state.withLock { $0.events } }

  /// The actions that were recorded, oldest first.
  public var actions: [AuditAction] { events.map(\.action) }

  /// Whether a new exchange may begin.
  public var hasRoom: Bool { state.withLock { $0.hasRoom } }

  /// Chooses what `hasRoom` answers.
  public func setRoom(_ hasRoom: Bool) { state.withLock { $0.hasRoom = hasRoom } }

  /// Chooses what `recordDurably` throws; `nil` for nothing.
  public func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

  /// Forgets what was recorded.
  public func removeAll() { state.withLock { $0.events.removeAll() } }

  /// Keeps an event.
  public func record(_ event: borrowing AuditEvent) {
    let event = copy event
    state.withLock { $0.events.append(event) }
  }

  /// Keeps an event, or throws what the test chose.
  public func recordDurably(_ event: AuditEvent) async throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      if let failure = state.failure { throw failure }
      state.events.append(event)
    }
  }
}
