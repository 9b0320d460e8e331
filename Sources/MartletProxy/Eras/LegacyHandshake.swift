import MCPProtocol
import NIOCore
import OAuthProtocol

/// A session that Martlet began with a legacy upstream.
struct UpstreamSession {
  /// The upstream's id; `nil` for a stateless upstream.
  let id: String?
  /// What the server chose to speak.
  let revision: ProtocolRevision
  /// The instance that it lives on.
  let instance: AbsoluteURL
  /// The whole answer to `initialize`.
  let response: MCPResponse
}

/// Begins a session with a legacy upstream on Martlet's own account: `initialize`, then `notifications/initialized`. Used
/// on its event loop only.
final class LegacyHandshake {
  private var outbound: OutboundRequest
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private let completion: (Result<UpstreamSession, Rejection>) -> Void
  private var dialogue: UpstreamDialogue?
  private var headers = HeaderFields()
  private var isOver = false

  /// - Parameters:
  ///   - outbound: A POST to the instance, of which body, revision and session are set here. Where that can't be
  ///     reached, or is slow, its alternatives are tried.
  ///   - initialize: The body of the request; its id may be anything.
  ///   - completion: Hears how it ended, once.
  static func begin(
    _ outbound: OutboundRequest, initialize: [UInt8], over transport: any UpstreamTransport,
    on eventLoop: any EventLoop, completion: @escaping (Result<UpstreamSession, Rejection>) -> Void
  ) {
    let handshake = LegacyHandshake(outbound, transport, eventLoop, completion)
    handshake.initialize(initialize)
  }

  private init(
    _ outbound: OutboundRequest, _ transport: any UpstreamTransport, _ eventLoop: any EventLoop,
    _ completion: @escaping (Result<UpstreamSession, Rejection>) -> Void
  ) {
    self.outbound = outbound
    self.transport = transport
    self.eventLoop = eventLoop
    self.completion = completion
  }

  private func initialize(_ body: [UInt8]) {
    var request = outbound
    request.body = body
    request.revision = nil
    request.upstreamSession = nil
    request.isRepeatable = true
    // Held by the transport for as long as the call lasts.
    dialogue = UpstreamDialogue(request, over: ImpatientTransport(over: transport), on: eventLoop) { [self] in hear($0)
    }
  }

  private func hear(_ turn: UpstreamDialogue.Turn) {
    switch turn {
    case .accepted(let headers):
      self.headers = headers
      if let instance = dialogue?.instance { outbound.direct(to: [instance]) }
    case .message(.response(let response)):
      // A stream may stay open after the response.
      dialogue?.cancel()
      answered(response)
    case .message: break
    case .ended: finish(.failure(unavailable("bad_initialize_answer")))
    case .refused(let status, _, _): finish(.failure(unavailable("status_\(status)")))
    case .failed(let failure): finish(.failure(failure.rejection(answering: nil)))
    }
  }

  private func answered(_ response: MCPResponse) {
    let answer = InitializeAnswer(response: response, headers: headers)
    guard response.result != nil, let revision = answer.revision, revision.era == .legacy, answer.hasUsableSession
    else {
      return finish(.failure(unavailable("bad_initialize_answer")))
    }
    let session = UpstreamSession(
      id: answer.upstreamSession, revision: revision, instance: outbound.url, response: response)
    var request = outbound.bound
    request.body = MCPNotification(method: .initialized).encoded()
    request.revision = revision
    request.upstreamSession = session.id
    dialogue = UpstreamDialogue(request, over: transport, on: eventLoop) { [self] turn in
      switch turn {
      case .accepted: dialogue?.cancel()
      case .message: return
      // Servers that answer it oddly work all the same.
      case .ended, .refused: break
      case .failed(let failure): return finish(.failure(failure.rejection(answering: nil)))
      }
      finish(.success(session))
    }
  }

  private func unavailable(_ reason: String) -> Rejection { .upstreamUnavailable(reason: reason, id: nil) }

  private func finish(_ result: Result<UpstreamSession, Rejection>) {
    guard !isOver else { return }
    isOver = true
    dialogue = nil
    completion(result)
  }
}
