import HTTPWire
import NIOCore
import NIOPosix
import NIOSSL
import OAuthClient

/// The connections of one event loop: no lock, no hop.
final class UpstreamPool {
  /// The connections to one place that wait for a request, the longest waiting first. Its connections know it, so that
  /// they come back to it without being asked where they lead.
  final class Lane {
    fileprivate let destination: UpstreamDestination
    /// Whether those who look for a connection find it.
    fileprivate var isListed = true
    private var waiting: [(connection: UpstreamConnection, since: NIODeadline)] = []

    init(_ destination: UpstreamDestination) { self.destination = destination }

    /// One that waited for more than a moment is looked at in the system: on one that the server has closed, a call
    /// would be lost that was never sent.
    fileprivate func take(at now: NIODeadline) -> UpstreamConnection? {
      let (oldest, sure) = (now - GatewayLimits.idleConnection, now - GatewayLimits.surelyOpen)
      while let last = waiting.popLast() {
        if last.connection.isUsable, last.since > oldest, last.since > sure || last.connection.isQuiet {
          return last.connection
        }
        last.connection.close()
      }
      return nil
    }

    fileprivate func keep(_ connection: UpstreamConnection) {
      if waiting.count >= GatewayLimits.idleConnections { waiting.removeAll { !$0.connection.isUsable } }
      guard waiting.count < GatewayLimits.idleConnections else { return connection.close() }
      waiting.append((connection, .now()))
    }

    /// Closes those that nobody has used for too long.
    ///
    /// - Returns: Whether any are left.
    fileprivate func sweep(unusedSince oldest: NIODeadline) -> Bool {
      let fresh = waiting.firstIndex { $0.since > oldest } ?? waiting.count
      for old in waiting[..<fresh] { old.connection.close() }
      waiting.removeFirst(fresh)
      return !waiting.isEmpty
    }
  }

  /// Thousands of streams on which little is said each keep the memory of their first reads; it grows with what comes.
  private static let firstReads = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 64 << 10)

  let eventLoop: any EventLoop
  private let tls: NIOSSLContext
  private let codec: HTTPCodec
  private var lanes: [UpstreamDestination: Lane] = [:]
  private var isSweepDue = false
  private let flushes: FlushBatch

  init(eventLoop: any EventLoop, tls: NIOSSLContext, codec: HTTPCodec) {
    self.eventLoop = eventLoop
    self.tls = tls
    self.codec = codec
    flushes = FlushBatch.of(eventLoop)
  }

  /// A recently used connection; one whose end is still on its way costs the request.
  ///
  /// - Returns: `nil` where one has to be made.
  func takeIdle(_ destination: UpstreamDestination) -> UpstreamConnection? {
    lanes[destination]?.take(at: .now())
  }

  /// Takes a connection back whose answer is complete.
  func keep(_ connection: UpstreamConnection) {
    guard connection.isUsable else { return }
    var lane = connection.lane
    // It was under way while nothing else of its lane was there.
    if !lane.isListed {
      lane = self.lane(to: lane.destination)
      connection.lane = lane
    }
    lane.keep(connection)
    sweepLater()
  }

  func lane(to destination: UpstreamDestination) -> Lane {
    if let lane = lanes[destination] { return lane }
    let lane = Lane(destination)
    lanes[destination] = lane
    return lane
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
    lanes = lanes.filter { _, lane in
      lane.isListed = lane.sweep(unusedSince: oldest)
      return lane.isListed
    }
    if !lanes.isEmpty { sweepLater() }
  }

  /// Makes a connection.
  ///
  /// - Parameter use: Gets the connection, or `nil` when none could be made.
  func connect(to destination: UpstreamDestination, _ use: @escaping (UpstreamConnection?) -> Void) {
    let connection = UpstreamConnection(lane: lane(to: destination))
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
                connection: bound.value.0, eventLoop: channel.eventLoop,
                flush: PendingFlush(batch: bound.value.1, isPlain: !destination.isSecure),
                isReady: !destination.isSecure))
          case .nio:
            try NIOUpstreamHandler.add(to: channel, connection: bound.value.0, isReady: !destination.isSecure)
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
