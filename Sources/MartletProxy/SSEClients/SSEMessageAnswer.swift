import MCPProtocol
import NIOCore
import StrictCoding

/// The client's side of one exchange of a client of 2024-11-05: whatever would be the answer to a POST becomes events of
/// the client's stream. Used on its event loop only.
final class SSEMessageAnswer: ClientStream {
  /// What the exchange is for.
  enum Role {
    /// A message of the client.
    case message(MCPMessage)
    /// The stream for what belongs to no request.
    case listener
    /// The end of the session, which nobody waits for.
    case farewell
  }

  private enum Body {
    case nothing
    case whole(status: Int, [UInt8])
    case events(SSEParser)
  }

  let role: Role
  private(set) var exchange: GatewayExchange?
  /// Whether a stream was opened.
  private(set) var wasOpened = false
  private let session: SSEClientSession
  private var body = Body.nothing
  private var isAnswered = false
  private var hasEnded = false

  init(_ role: Role, session: SSEClientSession) {
    self.role = role
    self.session = session
  }

  /// Keeps the exchange until it has ended, which it may have by now.
  func follow(_ exchange: GatewayExchange) {
    if !hasEnded { self.exchange = exchange }
  }

  /// The client is gone.
  func leave() {
    hasEnded = true
    let exchange = self.exchange
    self.exchange = nil
    exchange?.disconnected()
  }

  var eventLoop: any EventLoop { session.client.eventLoop }
  var isWritable: Bool { session.client.isWritable }
  var waitingBytes: Int { session.client.waitingBytes }

  private var request: MCPRequest? {
    if case .message(let message) = role { message.request } else { nil }
  }

  func send(head: GatewayResponse.Head, length: Int?) {
    if request?.method == .initialize { session.began(session: head.headers.first("mcp-session-id"), revision: nil) }
    if head.status == 200, MediaType.isEventStream(head.headers.first("content-type")) {
      wasOpened = true
      body = .events(SSEParser(limits: .upstreamAnswer))
    } else {
      body = .whole(status: head.status, [])
    }
  }

  func send(body bytes: ByteBuffer) {
    guard !hasEnded else { return }
    switch body {
    case .nothing: break
    case .whole(let status, var collected):
      body = .nothing
      collected.append(contentsOf: bytes.readableBytesView)
      guard collected.count <= GatewayLimits.readAnswer else { return abort() }
      body = .whole(status: status, collected)
    case .events(var parser):
      body = .nothing
      guard let events = try? parser.feed(bytes.readableBytesView) else { return abort() }
      body = .events(parser)
      for event in events {
        if let data = event.messageData { pass(data) }
      }
    }
  }

  func finish() {
    if case .whole(let status, let bytes) = body { conclude(status, bytes) }
    end()
  }

  func abort() { end() }

  /// A whole answer: the response, or a refusal in HTTP's words.
  private func conclude(_ status: Int, _ bytes: [UInt8]) {
    guard case .message = role else { return }
    if status == 200, !bytes.isEmpty { return pass(bytes) }
    guard let request, case .response(let response)? = try? MCPMessage.parse(bytes), response.failure != nil else {
      return
    }
    pass(response.id == request.id ? bytes : response.replacing(id: request.id).encoded())
  }

  private func pass(_ data: [UInt8]) {
    if let request, case .response(let response)? = try? MCPMessage.parse(data, limits: .upstreamAnswer),
      response.id == request.id
    {
      isAnswered = true
      if request.method == .initialize {
        let revision = response.result?["protocolVersion"]?.stringValue.flatMap { ProtocolRevision($0) }
        session.began(session: nil, revision: revision)
      }
    }
    session.send(data)
  }

  /// Whoever asked hears something in any case: there is no status that could say it here.
  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    if let request, !isAnswered {
      let failure = MCPResponse.Failure(code: .upstreamUnavailable, message: "The request could not be answered.")
      session.send(MCPResponse(id: request.id, outcome: .error(failure)).encoded())
    }
    session.ended(self)
    exchange = nil
  }
}
