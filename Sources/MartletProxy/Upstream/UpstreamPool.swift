import HTTPWire
import NIOCore
import NIOPosix
import NIOSSL
import OAuthClient

/// The connections of one event loop: no lock, no hop.
final class UpstreamPool {
  private struct Waiting {
    let connection: UpstreamConnection
    let since: NIODeadline
  }

  private let eventLoop: any EventLoop
  private let tls: NIOSSLContext
  private let codec: HTTPCodec
  private var idle: [UpstreamDestination: [Waiting]] = [:]

  init(eventLoop: any EventLoop, tls: NIOSSLContext, codec: HTTPCodec) {
    self.eventLoop = eventLoop
    self.tls = tls
    self.codec = codec
  }

  /// A connection: a recently used one, or a new one.
  ///
  /// - Parameters:
  ///   - mayReuse: Whether an idle connection will do. One that the upstream closes at this very moment costs the
  ///     request.
  ///   - use: Gets the connection, or `nil` when none could be made.
  func withConnection(
    to destination: UpstreamDestination, mayReuse: Bool, _ use: @escaping (UpstreamConnection?) -> Void
  ) {
    if mayReuse, let connection = takeIdle(destination) { return use(connection) }
    connect(to: destination, use)
  }

  private func takeIdle(_ destination: UpstreamDestination) -> UpstreamConnection? {
    let oldest = NIODeadline.now() - GatewayLimits.idleConnection
    while let waiting = idle[destination]?.popLast() {
      if waiting.connection.isUsable, waiting.since > oldest { return waiting.connection }
      waiting.connection.close()
    }
    return nil
  }

  private func keep(_ connection: UpstreamConnection, for destination: UpstreamDestination) {
    var waiting = idle[destination, default: []]
    waiting.removeAll { !$0.connection.isUsable }
    if waiting.count >= GatewayLimits.idleConnections {
      connection.close()
    } else {
      waiting.append(Waiting(connection: connection, since: .now()))
    }
    idle[destination] = waiting
  }

  private func connect(to destination: UpstreamDestination, _ use: @escaping (UpstreamConnection?) -> Void) {
    let connection = UpstreamConnection { [weak self] connection in
      guard let self else { return connection.close() }
      keep(connection, for: destination)
    }
    let bound = NIOLoopBound(connection, eventLoop: eventLoop)
    let (tls, codec) = (self.tls, self.codec)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(GatewayLimits.connect)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if destination.isSecure {
            try pipeline.addHandler(VerifiedTLS.clientHandler(tls, serverName: destination.serverName))
          }
          switch codec {
          case .martlet:
            try pipeline.addHandler(WireUpstreamHandler(connection: bound.value, eventLoop: channel.eventLoop))
          case .nio: try NIOUpstreamHandler.add(to: channel, connection: bound.value)
          }
        }
      }
      .connect(host: destination.host, port: destination.origin.port)
      .assumeIsolated()
      .whenComplete { result in
        switch result {
        case .success: use(connection)
        case .failure: use(nil)
        }
      }
  }
}
