import MCPProtocol
import NIOCore
import OAuthProtocol
import StrictCoding

/// The stream on which a server of 2024-11-05 says everything. Used on its event loop only.
final class SSEServerStream: UpstreamReceiver {
  /// How opening it went.
  enum Opening {
    /// The server listens there.
    case opened(endpoint: AbsoluteURL)
    /// This is no server of 2024-11-05, by its status or by its first event.
    case otherwise(status: Int)
    /// Nobody knows.
    case failed(UpstreamFailure)
  }

  /// What is heard once it is open.
  enum Turn {
    case events([SSEEvent])
    case ended(UpstreamFailure)
  }

  private enum Phase {
    case waiting
    case opening(SSEParser)
    case open(SSEParser)
    case over
  }

  private let url: AbsoluteURL
  private var phase = Phase.waiting
  private var call: (any UpstreamCall)?
  private var deadline: Scheduled<Void>?
  private var opened: ((Opening) -> Void)?
  private var listener: ((Turn) -> Void)?

  /// Opens a stream.
  ///
  /// - Parameters:
  ///   - request: The POST that it is opened for; of it the URL and what says who is calling are taken.
  ///   - opened: Hears how it went, once, never before this returns.
  init(
    for request: OutboundRequest, over transport: any UpstreamTransport, on eventLoop: any EventLoop,
    opened: @escaping (Opening) -> Void
  ) {
    url = request.url
    self.opened = opened
    var outbound = request.another(.get, to: request.url)
    outbound.traceContext = request.traceContext
    let isolated = eventLoop.assumeIsolated()
    isolated.execute { [self] in
      if self.opened != nil { call = transport.send(outbound, to: self, on: eventLoop) }
    }
    deadline = isolated.scheduleTask(in: GatewayLimits.sseEndpoint) { [self] in give(.failed(.timeout)) }
  }

  /// Who hears what comes from now on.
  func listen(_ listener: @escaping (Turn) -> Void) { self.listener = listener }

  func setReading(_ reading: Bool) { call?.setReading(reading) }

  /// Ends it; nobody hears anything more.
  func cancel() {
    deadline?.cancel()
    opened = nil
    listener = nil
    phase = .over
    call?.cancel()
    call = nil
  }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    guard status == 200, MediaType.isEventStream(headers.first("content-type")) else {
      return give(.otherwise(status: status))
    }
    phase = .opening(SSEParser(limits: .upstreamAnswer))
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    switch phase {
    case .opening(var parser):
      phase = .waiting
      guard let events = try? parser.feed(bytes.readableBytesView) else { return give(.otherwise(status: 200)) }
      phase = .opening(parser)
      begin(events[...], parser)
    case .open(var parser):
      // The parser is not shared with `phase` while it works, so that its buffers are not copied.
      phase = .waiting
      guard let events = try? parser.feed(bytes.readableBytesView) else { return end(.malformed) }
      phase = .open(parser)
      listener?(.events(events))
    case .waiting, .over: break
    }
  }

  func upstreamFinished() { end(.disconnected) }

  func upstreamFailed(_ failure: UpstreamFailure) { end(failure) }

  private func begin(_ events: ArraySlice<SSEEvent>, _ parser: SSEParser) {
    guard let first = events.firstIndex(where: { $0.event != nil || $0.data != nil }) else { return }
    guard events[first].event?.utf8.elementsEqual("endpoint".utf8) == true,
      let endpoint = SSEEndpoint.resolve(events[first].data ?? [], against: url)
    else { return give(.otherwise(status: 200)) }
    deadline?.cancel()
    phase = .open(parser)
    let opened = self.opened
    self.opened = nil
    opened?(.opened(endpoint: endpoint))
    let rest = events[(first + 1)...]
    if !rest.isEmpty { listener?(.events(Array(rest))) }
  }

  private func give(_ opening: Opening) {
    let opened = self.opened
    cancel()
    opened?(opening)
  }

  private func end(_ failure: UpstreamFailure) {
    if opened != nil { return give(.failed(failure)) }
    let listener = self.listener
    cancel()
    listener?(.ended(failure))
  }
}
