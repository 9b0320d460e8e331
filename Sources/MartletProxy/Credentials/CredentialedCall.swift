import MartletDomain
import MartletVault
import NIOCore
import OAuthProtocol
import StrictCoding

/// One request with a credential, from asking for it to the answer that its sender hears. Used on its event loop only.
///
/// A sender that is gone costs nothing: what was asked of the vault goes on there, and its answer finds nobody. Nor does a
/// caller whose access is taken away meanwhile call anything.
final class CredentialedCall: UpstreamCall, UpstreamReceiver {
  /// What is done about a refusal, once its body is out of the way.
  private enum Remedy {
    case replace
    case reconnect
    case widen(ScopeSet)
  }

  private enum Mode {
    case waiting
    case refused(Remedy, bytes: Int)
    case passing
  }

  private let request: OutboundRequest
  private let account: ConnectionKey
  private let transport: any UpstreamTransport
  private let credentials: any UpstreamCredentials
  private let revocations: RevocationIndex
  private let queue: AccountQueue
  private let eventLoop: any EventLoop
  private var hasPlace = false
  private var receiver: (any UpstreamReceiver)?
  private var mode = Mode.waiting
  private var call: (any UpstreamCall)?
  private var access: UpstreamAccess?
  private var hasReplaced = false
  private var hasWaited = false
  private var isReading = true
  private var patience: Scheduled<Void>?

  init(
    _ request: OutboundRequest, of account: ConnectionKey, to receiver: any UpstreamReceiver,
    over transport: any UpstreamTransport, credentials: any UpstreamCredentials,
    revocations: RevocationIndex, queue: AccountQueue, on eventLoop: any EventLoop
  ) {
    self.request = request
    self.account = account
    self.receiver = receiver
    self.transport = transport
    self.credentials = credentials
    self.revocations = revocations
    self.queue = queue
    self.eventLoop = eventLoop
  }

  func start() {
    let bound = OnLoop(self, eventLoop: eventLoop)
    switch credentials.credential(for: account, completion: { answer in bound { $0.proceed(answer) } }) {
    case nil: break
    case .ready(let access): send(with: access)
    // Nobody hears of a failure before they hold the call.
    case let answer?: eventLoop.execute { bound { $0.proceed(answer) } }
    }
  }

  var instance: UpstreamInstance? { call?.instance }

  func setReading(_ reading: Bool) {
    isReading = reading
    if case .refused = mode { return }
    call?.setReading(reading)
  }

  func cancel() {
    receiver = nil
    patience?.cancel()
    call?.cancel()
    call = nil
    leaveQueue()
  }

  private func proceed(_ answer: CredentialAnswer) {
    guard receiver != nil else { return }
    hasWaited = true
    if isForNobody { return fail(.credentialUnavailable) }
    switch answer {
    case .ready(let access): send(with: access)
    // An account of Martlet's own is nobody's to connect.
    case .connectionRequired where account.owner == .tenant: fail(.credentialUnavailable)
    case .connectionRequired(let reason): fail(.connectionRequired(ConnectionNeed(reason: reason)))
    case .unavailable: fail(.credentialUnavailable)
    }
  }

  private func send(with access: UpstreamAccess) {
    // What isn't a token by RFC 6750 could end a header field.
    guard access.token.expose().allSatisfy({ (0x21...0x7E).contains($0) }), !access.token.isEmpty else {
      return eventLoop.assumeIsolated().execute { [self] in fail(.credentialUnavailable) }
    }
    guard let field = credentials.field(with: access, for: account) else {
      return eventLoop.assumeIsolated().execute { [self] in proceed(.connectionRequired(nil)) }
    }
    self.access = access
    mode = .waiting
    var request = self.request
    request.credential = field
    // What only listens would hold its place for good.
    guard request.method == .post else { return go(request) }
    queue.enter(request.endpoint.destination) { [self] in
      guard receiver != nil else { return false }
      if isForNobody {
        fail(.credentialUnavailable)
        return false
      }
      hasPlace = true
      go(request)
      return true
    }
    hasWaited = true
  }

  /// Whether the caller's access was taken away while this waited. What only listens, or says good-bye, goes on: streams
  /// end by themselves.
  private var isForNobody: Bool {
    guard hasWaited, request.method == .post, let principal = request.principal else { return false }
    return revocations.isRevoked(principal)
  }

  private func leaveQueue() {
    guard hasPlace else { return }
    hasPlace = false
    queue.leave(request.endpoint.destination)
  }

  private func go(_ request: OutboundRequest) {
    let call = transport.send(request, to: self, on: eventLoop)
    guard receiver != nil else { return call.cancel() }
    self.call = call
    if !isReading { call.setReading(false) }
  }

  // MARK: - The upstream's side

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    guard let remedy = remedy(status, headers) else {
      mode = .passing
      if let access, access.isDoubted, status < 400 { credentials.accept(access, of: account) }
      if MediaType.isEventStream(headers.first("content-type")) { leaveQueue() }
      receiver?.upstreamAnswered(status: status, headers: headers)
      return
    }
    mode = .refused(remedy, bytes: 0)
    call?.setReading(true)
    patience = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.refusedCredential) { [self] in
      call?.cancel()
      apply()
    }
  }

  private func remedy(_ status: Int, _ headers: HeaderFields) -> Remedy? {
    switch status {
    case 401: return hasReplaced ? .reconnect : .replace
    case 403 where account.owner != .tenant && access?.isEntered == false:
      let challenge = BearerChallenge(fields: headers.values("www-authenticate"))
      return challenge?.error == .insufficientScope ? .widen(challenge?.scope ?? ScopeSet()) : nil
    default: return nil
    }
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    guard case .refused(let remedy, let count) = mode else { receiver?.upstreamSent(bytes); return }
    mode = .refused(remedy, bytes: count + bytes.readableBytes)
    if count + bytes.readableBytes > GatewayLimits.refusal {
      call?.cancel()
      apply()
    }
  }

  func upstreamFinished() {
    if case .refused = mode { return apply() }
    let receiver = take()
    receiver?.upstreamFinished()
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    // It has said all that counts.
    if case .refused = mode { return apply() }
    fail(failure)
  }

  private func apply() {
    patience?.cancel()
    leaveQueue()
    guard receiver != nil, let access, case .refused(let remedy, _) = mode else { return }
    mode = .waiting
    call = nil
    let bound = OnLoop(self, eventLoop: eventLoop)
    switch remedy {
    case .replace:
      hasReplaced = true
      credentials.replacement(for: access, of: account) { answer in bound { $0.proceed(answer) } }
    case .reconnect:
      credentials.reject(access, of: account) { bound { $0.proceed(.connectionRequired(.rejected)) } }
    case .widen(let scope):
      credentials.demandScopes(scope, beyond: access, of: account) { demand in bound { $0.widened(demand) } }
    }
  }

  /// Connecting again helps only where there is something to ask for, and the server didn't get it already.
  private func widened(_ demand: ScopeDemand?) {
    switch demand {
    case .connect(let missing)?: fail(.connectionRequired(ConnectionNeed(reason: .scopeMissing, missing: missing)))
    case .exhausted(let scopes)?: fail(.scopesExhausted(scopes.string))
    case nil: proceed(.unavailable(retryAt: nil))
    }
  }

  private func fail(_ failure: UpstreamFailure) { take()?.upstreamFailed(failure) }

  private func take() -> (any UpstreamReceiver)? {
    let receiver = self.receiver
    self.receiver = nil
    call = nil
    leaveQueue()
    return receiver
  }
}
