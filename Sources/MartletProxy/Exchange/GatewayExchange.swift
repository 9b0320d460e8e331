import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore
import StrictCoding

/// One exchange on a route, from the head of the request to the record of its end. Used on its event loop only.
///
/// It is the request path of ARCHITECTURE.md written out in time: the stages are structs, this moves a request from one
/// to the next as its bytes arrive and stores answer.
public final class GatewayExchange {
  /// How far it has come.
  enum State {
    case lookingUpKey
    case readingBody(AuthenticatedRequest)
    case working
    case answering(any ExchangeAnswer)
    case discardingBody
    case ended
  }

  let gateway: Gateway
  let client: any ClientStream
  let eventLoop: any EventLoop
  let record: ExchangeRecord
  let settings: GatewaySettings
  let path: String
  let crossOrigin: CrossOriginPolicy
  var state = State.working
  /// Whether the server was asked for its era once more.
  var hasAskedAnew = false
  var body: [UInt8] = []
  var bodyIsComplete = false
  var stall: Scheduled<Void>?
  private var discarded = 0
  var clientIsGone = false
  /// The request, where it is made with an account that may turn out to be unconnected.
  var withAccount: AdmittedRequest?
  let entrance: SSEEntrance?
  var lease: CallLease?
  /// The stream on which this message is answered, for a client of 2024-11-05.
  var eventStream: NIOLoopBound<SSEClientSession>?

  /// - Parameters:
  ///   - route: The route of the request's path; `nil` where none is configured.
  ///   - path: The path as the client spelled it, which its challenge must name (D12).
  ///   - entrance: The way that it came, where that isn't the route's own.
  init(
    gateway: Gateway, settings: GatewaySettings, request: IncomingRequest, route: UpstreamRoute?, path: String,
    entrance: SSEEntrance?, client: any ClientStream
  ) {
    self.gateway = gateway
    self.client = client
    eventLoop = client.eventLoop
    self.path = path
    self.entrance = entrance
    record = ExchangeRecord(request)
    self.settings = settings
    crossOrigin = CrossOriginPolicy(origin: RequestRouter(settings: settings).origin(of: request))
    begin(request, at: route)
  }

  /// Begins an exchange whose caller was proven already, by the request that brought its message.
  init(gateway: Gateway, authenticated request: AuthenticatedRequest, client: any ClientStream) {
    self.gateway = gateway
    self.client = client
    eventLoop = client.eventLoop
    path = request.routed.incoming.path
    entrance = nil
    record = ExchangeRecord(request.routed.incoming)
    record.route = request.routed.route.resource.id.path
    record.principal = request.principal
    settings = request.routed.settings
    crossOrigin = CrossOriginPolicy(origin: RequestRouter(settings: settings).origin(of: request.routed.incoming))
    do throws(Rejection) { try accept(request) } catch { reject(error) }
  }

  // MARK: - The client's side

  /// A part of the request's body arrived.
  public func receive(_ bytes: ByteBuffer) {
    switch state {
    case .readingBody, .lookingUpKey:
      guard body.count + bytes.readableBytes <= GatewayLimits.requestBody else { return reject(.bodyTooLarge) }
      body.append(contentsOf: bytes.readableBytesView)
    case .discardingBody:
      discarded += bytes.readableBytes
      if discarded > GatewayLimits.discardedBody { client.abort() }
    case .working, .answering, .ended: break
    }
  }

  /// What has arrived is used up, and the request goes on: from now on it has to keep its pace.
  public func awaitBody() {
    if case .readingBody = state, stall == nil { watchBody() }
  }

  /// The request is complete.
  public func receiveEnd() {
    bodyIsComplete = true
    stall?.cancel()
    switch state {
    case .readingBody(let request):
      do throws(Rejection) {
        var body: [UInt8] = []
        swap(&body, &self.body)
        let classified = try gateway.classifier.classify(request, body: body)
        if let eventStream { hand(classified, to: eventStream) } else { proceed(classified) }
      } catch { reject(error) }
    case .discardingBody:
      state = .ended
      client.finish()
    case .lookingUpKey, .working, .answering, .ended: break
    }
  }

  /// The client is gone.
  public func disconnected() {
    clientIsGone = true
    stall?.cancel()
    switch state {
    // The answer decides whether the call goes on without its client; it ends the record either way.
    case .answering(let answer): answer.clientDisconnected()
    case .readingBody, .lookingUpKey, .working: answerEnded(reason: "client_disconnected")
    case .discardingBody, .ended: state = .ended
    }
  }

  /// What waited for a slow reader has gone out, or begins to wait.
  public func writabilityChanged() {
    if case .answering(let answer) = state { answer.clientWritabilityChanged() }
  }

  func watchBody() {
    let deadline = BodyPace(startedAt: record.startedAt).deadline(received: body.count)
    stall = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
      guard let self, case .readingBody = state else { return }
      let later = BodyPace(startedAt: record.startedAt).deadline(received: body.count)
      if later > .now() { watchBody() } else { reject(.bodyTimeout) }
    }
  }
}
