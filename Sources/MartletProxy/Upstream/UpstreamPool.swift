import HTTPWire
import NIOCore
import NIOPosix
import NIOSSL
import OAuthClient

/// The connections of one event loop: no lock, no hop.
final class UpstreamPool {
  /// The connections to one place that wait for a request, the longest waiting first.
  private struct Lane {
    private var waiting: [(connection: UpstreamConnection, since: NIODeadline)] = []

    mutating func take(usedAfter oldest: NIODeadline) -> UpstreamConnection? {
      while let last = waiting.popLast() {
        if last.connection.isUsable, last.since > oldest { return last.connection }
        last.connection.close()
      }
      return nil
    }

    mutating func keep(_ connection: UpstreamConnection) {
      if waiting.count >= GatewayLimits.idleConnections { waiting.removeAll { !$0.connection.isUsable } }
      guard waiting.count < GatewayLimits.idleConnections else { return connection.close() }
      waiting.append((connection, .now()))
    }

    /// Closes those that nobody has used for too long.
    ///
    /// - Returns: Whether any are left.
    mutating func sweep(unusedSince oldest: NIODeadline) -> Bool {
      let fresh = waiting.firstIndex { $0.since > oldest } ?? waiting.count
      for old in waiting[..<fresh] { old.connection.close() }
      waiting.removeFirst(fresh)
      return !waiting.isEmpty
    }
  }

  /// Thousands of streams on which little is said each keep the memory of their first reads; it grows with what comes.
  private static let firstReads = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 64 << 10)

  private let eventLoop: any EventLoop
  private let tls: NIOSSLContext
  private let codec: HTTPCodec
  private var idle: [UpstreamDestination: Lane] = [:]
  private var isSweepDue = false
  private let flushes: FlushBatch

  init(eventLoop: any EventLoop, tls: NIOSSLContext, codec: HTTPCodec) {
    self.eventLoop = eventLoop
    self.tls = tls
    self.codec = codec
    flushes = FlushBatch.of(eventLoop)
  }

  /// A recently used connection; one that the upstream closes at this very moment costs the request.
  ///
  /// - Returns: `nil` where one has to be made.
  func takeIdle(_ destination: UpstreamDestination) -> UpstreamConnection? {
    idle[destination]?.take(usedAfter: .now() - GatewayLimits.idleConnection)
  }

  /// Takes a connection back whose answer is complete.
  func keep(_ connection: UpstreamConnection, for destination: UpstreamDestination) {
    guard connection.isUsable else { return }
    idle[destination, default: Lane()].keep(connection)
    sweepLater()
  }

  /// A server that nobody calls any more isn't left with our connections.
  private func sweepLater() {
    guard !isSweepDue else { return }
    isSweepDue = true
    _ = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.idleConnection) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    isSweepDue = false
    let oldest = NIODeadline.now() - GatewayLimits.idleConnection
    idle = idle.compactMapValues { lane in
      var lane = lane
      return lane.sweep(unusedSince: oldest) ? lane : nil
    }
    if !idle.isEmpty { sweepLater() }
  }

  /// Makes a connection.
  ///
  /// - Parameter use: Gets the connection, or `nil` when none could be made.
  func connect(to destination: UpstreamDestination, _ use: @escaping (UpstreamConnection?) -> Void) {
    let connection = UpstreamConnection()
    let bound = NIOLoopBound((connection, flushes), eventLoop: eventLoop)
    let (tls, codec) = (self.tls, self.codec)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(GatewayLimits.connect)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: Self.firstReads)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if destination.isSecure {
            try pipeline.addHandler(VerifiedTLS.clientHandler(tls, serverName: destination.serverName))
          }
          switch codec {
          case .martlet:
            try pipeline.addHandler(
              WireUpstreamHandler(
                connection: bound.value.0, eventLoop: channel.eventLoop, flushes: bound.value.1))
          case .nio: try NIOUpstreamHandler.add(to: channel, connection: bound.value.0)
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
