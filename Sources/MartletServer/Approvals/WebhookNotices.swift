import Crypto
import MartletDomain
import MartletPolicy
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Posts a signed notice for each call that begins to wait. It says which call it is and where it is decided, not what the
/// call says. Nobody's call depends on it: what can't be delivered is written down.
final class WebhookNotices: ApprovalNotices {
  /// How many notices wait at most: 256.
  static let queue = 256
  /// The pauses before further attempts: 1 s, 5 s, 30 s.
  static let pauses: [Duration] = [.seconds(1), .seconds(5), .seconds(30)]
  /// What an attempt may take, and what of the answer is read: 10 s, 4 KiB.
  static let limits = FetchLimits(maxBytes: 4 << 10, totalSeconds: 10)

  private let settings: @Sendable () -> ApprovalSettings
  private let origin: @Sendable () -> HTTPOrigin
  private let fetcher: any DocumentFetching
  private let audit: any AuditSink
  private let clock: any WallClock
  private let notices: AsyncStream<Approval>
  private let inlet: AsyncStream<Approval>.Continuation

  /// - Parameters:
  ///   - settings: What the configuration says at this instant.
  ///   - origin: The origin that links lead to.
  ///   - fetcher: For the configuration's own destinations.
  init(
    settings: @escaping @Sendable () -> ApprovalSettings, origin: @escaping @Sendable () -> HTTPOrigin,
    fetcher: any DocumentFetching, audit: any AuditSink, clock: any WallClock
  ) {
    self.settings = settings
    self.origin = origin
    self.fetcher = fetcher
    self.audit = audit
    self.clock = clock
    (notices, inlet) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.queue))
  }

  func notify(_ approval: Approval) {
    guard settings().webhook != nil else { return }
    if case .dropped = inlet.yield(approval) { failed(approval, "queue_full") }
  }

  /// Delivers until the task is cancelled.
  func run() async {
    for await approval in notices { await deliver(approval) }
  }

  private func deliver(_ approval: Approval) async {
    var reason = "not_sent"
    for pause in [.zero] + Self.pauses {
      if pause > .zero { try? await Task.sleep(for: pause) }
      let settings = settings()
      guard let url = settings.webhook, let secret = settings.secret, !Task.isCancelled else { break }
      do throws(FetchError) {
        let (body, headers) = signed(approval, with: secret)
        let answer = try await fetcher.post(url, body: .json(body), headers: headers, limits: Self.limits)
        if (200..<300).contains(answer.status) { return }
        reason = "status_\(answer.status)"
      } catch { reason = "unreachable" }
    }
    failed(approval, reason)
  }

  /// The signature covers the time, so that an old notice can't be sent again.
  private func signed(_ approval: Approval, with secret: Secret) -> ([UInt8], [(name: String, value: String)]) {
    let body = JSONWriter.write(notice(approval))
    let time = String(clock.now().seconds)
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("\(time).".utf8) + body, using: SymmetricKey(data: secret.expose()))
    return (body, [("martlet-signature", "t=\(time),v1=\(Hex.encode(Array(code)))")])
  }

  private func notice(_ approval: Approval) -> JSONValue {
    let call = approval.call
    return [
      "event": "approval.requested", "id": .string(approval.id.string),
      "link": .string(origin().string + ApprovalReturn(approval.id).path), "tenant": .string(approval.tenant.string),
      "subject": .string(approval.requester.string), "client": .string(call.caller.client.string),
      "key": call.key.map { .string($0) } ?? .null, "server": .string(call.caller.route.server.string),
      "method": .string(call.method), "target": .string(call.target.string), "rule": .string(call.rule),
      "asked_at": .string(approval.askedAt.text), "expires_at": .string(approval.expiresAt.text),
    ]
  }

  private func failed(_ approval: Approval, _ reason: String) {
    var event = approval.event(.approvalNoticeFailed, at: clock.now())
    event.reason = "\(approval.id):\(reason)"
    audit.record(event)
  }
}
