import MartletPolicy
import NIOCore

/// Asks an instance that was left out whether it is back, until it is or the configuration has forgotten it. Used on its
/// event loop only.
///
/// The question is a GET without a session: harmless to every server, and any answer below 500 says that it is there.
final class InstanceProbe: UpstreamReceiver {
  private weak var instance: UpstreamInstance?
  private let permit: Permit
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private var call: (any UpstreamCall)?
  private var timeout: Scheduled<Void>?

  private init(
    _ instance: UpstreamInstance, _ permit: Permit, _ transport: any UpstreamTransport, _ eventLoop: any EventLoop
  ) {
    self.instance = instance
    self.permit = permit
    self.transport = transport
    self.eventLoop = eventLoop
  }

  /// Asks after a pause.
  static func schedule(
    _ instance: UpstreamInstance, in pause: TimeAmount, permit: Permit, over transport: any UpstreamTransport,
    on eventLoop: any EventLoop
  ) {
    InstanceProbe(instance, .system(route: permit.route), transport, eventLoop).wait(pause)
  }

  private func wait(_ pause: TimeAmount) {
    _ = eventLoop.assumeIsolated().scheduleTask(in: pause) { self.ask() }
  }

  private func ask() {
    guard let instance, instance.ejectedFor != nil else { return }
    var request = OutboundRequest(permit: permit, method: .get, url: instance.url)
    request.isRepeatable = true
    timeout = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.probe) { self.heard(isWell: false) }
    call = transport.send(request, to: self, on: eventLoop)
  }

  func upstreamAnswered(status: Int, headers: HeaderFields) { heard(isWell: !UpstreamFailure.isFailing(status)) }

  func upstreamSent(_ bytes: ByteBuffer) {}

  func upstreamFinished() {}

  func upstreamFailed(_ failure: UpstreamFailure) { heard(isWell: false) }

  private func heard(isWell: Bool) {
    guard let timeout else { return }
    timeout.cancel()
    self.timeout = nil
    call?.cancel()
    call = nil
    guard let instance else { return }
    if isWell { instance.succeeded() } else { wait(instance.stillFails()) }
  }
}

extension UpstreamFailure {
  /// Whether a status says that the instance, not the request, is at fault.
  static func isFailing(_ status: Int) -> Bool { status == 500 || (502...504).contains(status) }
}
