import MCPProtocol
import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding

/// Answers a legacy `initialize`: the upstream begins a session, and the client gets one of ours for it. Used on its event
/// loop only.
///
/// The session is stored before the client hears of it, so that no crash loses one that a client holds. An upstream
/// without sessions gets none from us either: where nothing is kept, nothing can be lost.
final class SessionOpening: ExchangeAnswer, UpstreamReceiver {
  private enum Mode {
    case waiting
    case collecting(status: Int, HeaderFields, [UInt8])
    case done
  }

  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let id: Secret
  private let digest: ArtefactDigest
  private let mintedAt: Timestamp
  /// Where the session begins.
  private var url: AbsoluteURL?
  private var call: (any UpstreamCall)?
  private var mode = Mode.waiting
  private var clientIsGone = false

  init(exchange: GatewayExchange, request: AdmittedRequest) {
    self.exchange = exchange
    self.request = request
    (id, digest, mintedAt) = exchange.gateway.sessions.mint()
  }

  var principal: Principal { request.classified.authenticated.principal }

  let isEndless = false

  private var client: any ClientStream { exchange.client }

  func start() {
    do throws(Rejection) {
      var outbound = try exchange.gateway.selector.opening(digest, for: request)
      outbound.body = request.classified.bytes
      outbound.isRepeatable = true
      let transport = ImpatientTransport(over: exchange.gateway.transport)
      call = transport.send(outbound, to: self, on: client.eventLoop)
    } catch { reject(error) }
  }

  // MARK: - The upstream's side

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    url = call?.instance?.url
    mode = .collecting(status: status, headers, [])
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    guard case .collecting(let status, let headers, var body) = mode else { return }
    mode = .waiting
    body.append(contentsOf: bytes.readableBytesView)
    mode = .collecting(status: status, headers, body)
    if body.count > GatewayLimits.bufferedAnswer { return fail("answer_too_large") }
    // A stream that opens a session may stay open after its response has come.
    if status == 200, MediaType.isEventStream(headers.first("content-type")),
      let answer = InitializeAnswer(body: body, headers: headers)
    {
      call?.cancel()
      open(answer, body, headers)
    }
  }

  func upstreamFinished() {
    guard case .collecting(let status, let headers, let body) = mode else { return fail("no_answer") }
    switch status {
    case 200: open(InitializeAnswer(body: body, headers: headers), body, headers)
    // Our client's token is fine, whatever the upstream thinks of our call (S3).
    case 400..<500 where status != 401 && status != 403:
      mode = .done
      let refusal = UpstreamRefusal(status, headers, body, answering: request.classified.id)
      if ModernRefusal.isMeant(status: status, body: body) {
        exchange.askAnew(request, after: .legacy) { refusal.send(on: $0) }
      } else {
        refusal.send(on: exchange)
      }
    default: fail("status_\(status)")
    }
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    if case .connectionRequired = failure {
      mode = .done
      return reject(failure.rejection(answering: request.classified.id))
    }
    fail(failure.code)
  }

  // MARK: - Opening

  private func open(_ answer: InitializeAnswer?, _ body: [UInt8], _ headers: HeaderFields) {
    guard let answer else { return fail("bad_initialize_answer") }
    mode = .done
    let isStream = MediaType.isEventStream(headers.first("content-type"))
    let type = isStream ? "text/event-stream" : "application/json"
    guard answer.response.result != nil, let upstreamSession = answer.upstreamSession, let url else {
      return deliver(body, type, session: nil)
    }
    if let revision = answer.revision { request.server.learn(revision) }
    guard answer.hasUsableSession else { return reject(unavailable("bad_session_id")) }
    let session = MCPSession(
      digest: digest, binding: principal.binding, revision: answer.revision ?? .assumed,
      initializeRequest: request.classified.bytes, upstreamSession: upstreamSession, upstreamURL: url.string,
      createdAt: mintedAt, usedAt: mintedAt)
    let storing = exchange.gateway.sessions.open(session, on: client.eventLoop)
    storing.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success: deliver(body, type, session: id)
      case .failure: reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  private func deliver(_ body: [UInt8], _ type: String, session: Secret?) {
    var head = GatewayResponse.Head(status: 200, type: type)
    if let session { head.headers.add("mcp-session-id", ByteString(session.expose()).string) }
    exchange.deliver(GatewayResponse(head: head, body: body))
  }

  // MARK: - The end

  func clientWritabilityChanged() {}

  /// In this era going away is no cancellation (§4.2), but nobody could use the session.
  func clientDisconnected() {
    clientIsGone = true
    guard case .done = mode else {
      call?.cancel()
      mode = .done
      return exchange.answerEnded(reason: "client_disconnected")
    }
  }

  func close(reason: String) { fail(reason) }

  private func unavailable(_ reason: String) -> Rejection {
    .upstreamUnavailable(reason: reason, id: request.classified.id)
  }

  private func fail(_ reason: String) {
    if case .done = mode { return }
    call?.cancel()
    mode = .done
    reject(unavailable(reason))
  }

  private func reject(_ rejection: Rejection) {
    if !clientIsGone { exchange.reject(rejection) }
  }
}
