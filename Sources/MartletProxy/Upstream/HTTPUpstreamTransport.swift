import HTTPWire
import NIOCore
import NIOPosix
import NIOSSL
import OAuthClient
import OAuthProtocol

/// Streamable HTTP to an upstream, over a pool for each event loop.
public struct HTTPUpstreamTransport: UpstreamTransport {
  private let pools: [ObjectIdentifier: NIOLoopBound<UpstreamPool>]

  /// Makes pools for every event loop of a group.
  ///
  /// - Parameters:
  ///   - group: The event loops.
  ///   - codec: Who reads and writes HTTP.
  ///   - certificateAuthorityFile: PEM file of authorities to trust beside the system's (`egress.ca_file`).
  /// - Throws: When the file, or the system's trust roots, can't be read.
  public static func make(
    group: any EventLoopGroup, codec: HTTPCodec, certificateAuthorityFile: String?
  ) async throws -> HTTPUpstreamTransport {
    let tls = try ClientTLS.context(trusting: certificateAuthorityFile)
    var pools: [ObjectIdentifier: NIOLoopBound<UpstreamPool>] = [:]
    for eventLoop in group.makeIterator() {
      pools[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
        NIOLoopBound(UpstreamPool(eventLoop: eventLoop, tls: tls, codec: codec), eventLoop: eventLoop)
      }.get()
    }
    return HTTPUpstreamTransport(pools: pools)
  }

  /// Sends a request.
  public func send(_ request: consuming OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    let call = HTTPUpstreamCall(
      request: request, receiver: receiver, pool: pools[ObjectIdentifier(eventLoop)]?.value, transport: self)
    call.start()
    return call
  }
}

/// One request with what may happen to it: a connection that was stale, an instance that is gone before anything was
/// sent, and a slash redirect (X11). It keeps the account of the instance.
private final class HTTPUpstreamCall: UpstreamCall, UpstreamReceiver {
  private var request: OutboundRequest
  private var receiver: (any UpstreamReceiver)?
  private var connection: UpstreamConnection?
  private var redirect: AbsoluteURL?
  private var hasRedirected = false
  private var hasRepeated = false
  private var hasAnswered = false
  private var isReading = true
  private var counted: UpstreamInstance?
  /// `nil` on an event loop that isn't of the transport's group.
  private let pool: UpstreamPool?
  private let transport: HTTPUpstreamTransport

  init(
    request: OutboundRequest, receiver: any UpstreamReceiver, pool: UpstreamPool?, transport: HTTPUpstreamTransport
  ) {
    self.request = request
    self.receiver = receiver
    self.pool = pool
    self.transport = transport
  }

  deinit { counted?.ended() }

  func start() {
    guard let pool else { return upstreamFailed(.unreachable) }
    if let instance = request.instance { count(instance) }
    let endpoint = request.endpoint
    if !hasRepeated, let connection = pool.takeIdle(endpoint.destination) { return send(over: connection) }
    pool.connect(to: endpoint.destination) { [self] connection in
      guard receiver != nil else { return }
      guard let connection else { return upstreamFailed(.unreachable) }
      send(over: connection)
    }
  }

  private func send(over connection: UpstreamConnection) {
    self.connection = connection
    connection.send(request, to: self)
  }

  var instance: UpstreamInstance? { counted }

  func setReading(_ reading: Bool) {
    isReading = reading
    connection?.setReading(reading)
  }

  func cancel() {
    receiver = nil
    uncount()
    connection.take()?.abandon()
  }

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    hasAnswered = true
    if UpstreamFailure.isFailing(status) { blame(.failing) } else { counted?.succeeded() }
    if status == 307 || status == 308, !hasRedirected, let target = slashRedirect(headers.first("location")) {
      redirect = target
      return
    }
    receiver?.upstreamAnswered(status: status, headers: headers)
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    if case nil = redirect { receiver?.upstreamSent(bytes) }
  }

  func upstreamFinished() {
    if let connection = connection.take() { pool?.keep(connection) }
    if let target = redirect {
      redirect = nil
      hasRedirected = true
      hasAnswered = false
      request.url = target
      return start()
    }
    uncount()
    receiver.take()?.upstreamFinished()
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    connection = nil
    if failure == .disconnected, !hasAnswered, !hasRepeated, request.isRepeatable {
      hasRepeated = true
      return start()
    }
    // A server can't go on where its client takes nothing: one who doesn't read must not have it left out.
    if isReading { blame(failure == .unreachable ? .unreachable : .failing) }
    if failure == .unreachable, receiver != nil, request.takeAlternative() { return start() }
    uncount()
    receiver.take()?.upstreamFailed(failure)
  }

  private func count(_ instance: UpstreamInstance) {
    guard counted !== instance else { return }
    uncount()
    instance.began()
    counted = instance
  }

  private func uncount() { counted.take()?.ended() }

  private func blame(_ fault: InstanceHealth.Fault) {
    guard let counted, let pool, let pause = counted.failed(fault) else { return }
    InstanceProbe.schedule(counted, in: pause, permit: request.permit, over: transport, on: pool.eventLoop)
  }

  /// Only the same origin, and only a slash more or less: anything else is answered as it is.
  private func slashRedirect(_ location: String?) -> AbsoluteURL? {
    guard let location else { return nil }
    let absolute = location.utf8.first == UInt8(ascii: "/") ? request.url.origin.string + location : location
    guard let target = try? AbsoluteURL(parsing: absolute), target.host == request.url.host,
      target.effectivePort == request.url.effectivePort,
      target.path == request.url.path + "/" || target.path + "/" == request.url.path,
      target.query == request.url.query
    else { return nil }
    // Some servers redirect to http behind their own proxy; the scheme that was configured stays.
    return try? AbsoluteURL(parsing: request.url.origin.string + target.requestTarget)
  }
}
