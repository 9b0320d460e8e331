import MCPProtocol
import MartletDomain
import NIOCore

/// What is known of an exchange when it has ended; it only grows. Used on the exchange's event loop only; a class, so that
/// handing it over copies nothing.
final class ExchangeRecord {
  let incoming: IncomingRequest
  var route: String?
  var principal: Principal?
  /// The flow that it is guessed to belong to; whose caller is known belongs to the caller's.
  var flow: FlowID?
  var method: String?
  var target: String?
  var status: Int?
  var reason: String?
  var isForwarded = false

  init(_ incoming: IncomingRequest) {
    self.incoming = incoming
    method = incoming.method
  }

  var startedAt: NIODeadline { incoming.arrivedAt }

  /// Takes down method and target of a message, where there is one.
  func describe(_ request: ClassifiedRequest) {
    guard request.hasMessage else { return }
    method = request.method?.name ?? "response"
    target = request.target
  }

  /// Puts the exchange into the trail now that it has ended, a refused one too.
  func end(in recorder: ExchangeRecorder) {
    let event = event(isForwarded ? .exchangeForwarded : .exchangeRefused, at: recorder.clock.now())
    recorder.audit.record(event)
  }

  func event(_ action: AuditAction, at now: Timestamp) -> AuditEvent {
    AuditEvent(
      at: now, action: action, tenant: principal?.tenant ?? .default, flow: principal == nil ? flow : principal?.flow,
      request: incoming.id,
      subject: principal?.subjectText, client: principal?.client, route: route, method: method,
      target: target, status: status, reason: reason,
      duration: .nanoseconds((NIODeadline.now() - startedAt).nanoseconds), address: incoming.address,
      key: principal?.key?.trailName, trace: incoming.trace?.trace)
  }
}

/// Turns finished exchanges into records of the trail, refused ones too. Immutable; a class, so that no call copies it.
final class ExchangeRecorder: Sendable {
  let audit: any AuditSink
  let flows: any FlowCorrelation
  let clock: any WallClock

  init(audit: any AuditSink, flows: any FlowCorrelation, clock: any WallClock) {
    self.audit = audit
    self.flows = flows
    self.clock = clock
  }

  /// Whether a new exchange may begin.
  var hasRoom: Bool { audit.hasRoom }

  /// A client that has no token yet knocked: a flow begins.
  func probed(_ record: ExchangeRecord, route: RouteID) {
    record.flow = flows.flow(address: record.incoming.address, client: nil, route: route)
    audit.record(record.event(.routeProbed, at: clock.now()))
  }

  /// A token was presented for the first time here.
  func presented(_ record: ExchangeRecord) { audit.record(record.event(.tokenPresented, at: clock.now())) }
}
