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
    let call = HTTPUpstreamCall(request: request, receiver: receiver, transport: self, eventLoop: eventLoop)
    guard let pool = pools[ObjectIdentifier(eventLoop)]?.value else {
      receiver.upstreamFailed(.unreachable)
      return call
    }
    call.start(in: pool)
    return call
  }
}

/// One request with what may happen to it: a connection that was stale, an instance that is gone before anything was
/// sent, and a slash redirect (X11). It keeps the account of the instance.
private final class HTTPUpstreamCall: UpstreamCall, UpstreamReceiver {
  private var request: OutboundRequest
  private var receiver: (any UpstreamReceiver)?
  private var connection: UpstreamConnection?
  private var pool: UpstreamPool?
  private var redirect: AbsoluteURL?
  private var hasRedirected = false
  private var hasRepeated = false
  private var hasAnswered = false
  private var counted: UpstreamInstance?
  private let transport: HTTPUpstreamTransport
  private let eventLoop: any EventLoop

  init(
    request: OutboundRequest, receiver: any UpstreamReceiver, transport: HTTPUpstreamTransport,
    eventLoop: any EventLoop
  ) {
    self.eventLoop = eventLoop
    self.request = request
    self.receiver = receiver
    self.transport = transport
  }

  deinit { counted?.ended() }

  func start(in pool: UpstreamPool) {
    self.pool = pool
    if let instance = request.instance { count(instance) }
    let destination = request.endpoint.destination
    if !hasRepeated, let connection = pool.takeIdle(destination) { return send(over: connection) }
    pool.connect(to: destination) { [self] connection in
      guard receiver != nil else { return }
      guard let connection else { return upstreamFailed(.unreachable) }
      send(over: connection)
    }
  }

  private func send(over connection: UpstreamConnection) {
    self.connection = connection
    connection.send(request, to: self)
  }

  func setReading(_ reading: Bool) { connection?.setReading(reading) }

  func cancel() {
    receiver = nil
    count(nil)
    connection?.abandon()
    connection = nil
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
    if redirect == nil { receiver?.upstreamSent(bytes) }
  }

  func upstreamFinished() {
    if let connection, let pool { pool.keep(connection) }
    connection = nil
    if let target = redirect, let pool {
      hasRedirected = true
      redirect = nil
      hasAnswered = false
      request.url = target
      return start(in: pool)
    }
    count(nil)
    let receiver = self.receiver
    self.receiver = nil
    receiver?.upstreamFinished()
  }

  func upstreamFailed(_ failure: UpstreamFailure) {
    connection = nil
    if failure == .disconnected, !hasAnswered, !hasRepeated, request.isRepeatable, let pool {
      hasRepeated = true
      return start(in: pool)
    }
    blame(failure == .unreachable ? .unreachable : .failing)
    if failure == .unreachable, receiver != nil, let pool, request.takeAlternative() { return start(in: pool) }
    count(nil)
    let receiver = self.receiver
    self.receiver = nil
    receiver?.upstreamFailed(failure)
  }

  private func count(_ instance: UpstreamInstance?) {
    guard counted !== instance else { return }
    counted?.ended()
    instance?.began()
    counted = instance
  }

  private func blame(_ fault: InstanceHealth.Fault) {
    guard let counted, let pause = counted.failed(fault) else { return }
    InstanceProbe.schedule(counted, in: pause, permit: request.permit, over: transport, on: eventLoop)
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
