import HTTPWire
import Logging
import MartletProxy
import NIOCore
import NIOExtras
import NIOPosix
import NIOSSL

/// The one listener of both planes.
final class FrontDoor: Sendable {
  private let channel: any Channel
  private let quiescing: ServerQuiescingHelper
  private let group: any EventLoopGroup

  /// Where it listens; the port is the one that the system gave when 0 was asked for.
  var port: Int { channel.localAddress?.port ?? 0 }

  private init(channel: any Channel, quiescing: ServerQuiescingHelper, group: any EventLoopGroup) {
    self.channel = channel
    self.quiescing = quiescing
    self.group = group
  }

  /// Listens.
  ///
  /// - Parameters:
  ///   - host: An address or name of this machine.
  ///   - port: The port; 0 for any.
  ///   - tls: The certificate, or `nil` for plain HTTP.
  ///   - codec: Who reads and writes HTTP.
  ///   - logger: Hears of connections that can't be taken.
  ///   - planes: Who answers; connections that come before it is known are closed.
  /// - Throws: `IOError` when the port is taken or not allowed.
  static func open(
    host: String, port: Int, tls: TLSFiles?, codec: HTTPCodec, group: any EventLoopGroup, logger: Logger,
    planes: @escaping @Sendable () -> Planes?
  ) async throws -> FrontDoor {
    let quiescing = ServerQuiescingHelper(group: group)
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            AcceptPause(logger), quiescing.makeServerChannelHandler(channel: channel),
          ])
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        guard let planes = planes() else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture { try setUp(channel, tls: tls, codec: codec, planes: planes) }
      }
      .bind(host: host, port: port)
      .get()
    return FrontDoor(channel: channel, quiescing: quiescing, group: group)
  }

  private static func setUp(_ channel: any Channel, tls: TLSFiles?, codec: HTTPCodec, planes: Planes) throws {
    let pipeline = channel.pipeline.syncOperations
    if let tls {
      try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
      try pipeline.addHandler(HandshakeWatch())
    }
    let handler = ConnectionHandler(
      planes: planes, isSecure: tls != nil || planes.frontDoor().origin.scheme == .https)
    switch codec {
    case .martlet:
      try pipeline.addHandler(
        WireServerHandler(
          handler: handler, eventLoop: channel.eventLoop,
          flush: PendingFlush(batch: .of(channel.eventLoop), isPlain: tls == nil)))
    case .nio: try NIOServerHandler.add(to: channel, handler: handler)
    }
  }

  /// Stops accepting, lets requests under way finish, and closes. Waits no longer where its task is cancelled.
  ///
  /// - Returns: Whether everything had ended in time. What had not is left to the end of the process.
  func close() async -> Bool {
    let eventLoop = group.any()
    let (done, ended) = (eventLoop.makePromise(of: Void.self), eventLoop.makePromise(of: Bool.self))
    // Whoever is first decides. A task that waits for `done` alone could not be given up: it goes on until the last
    // request ends, if it ever does.
    let late = eventLoop.scheduleTask(in: FrontDoorLimits.drain) { ended.succeed(false) }
    done.futureResult.whenComplete { _ in
      late.cancel()
      ended.succeed(true)
    }
    quiescing.initiateShutdown(promise: done)
    return await withTaskCancellationHandler {
      (try? await ended.futureResult.get()) ?? false
    } onCancel: {
      ended.succeed(false)
    }
  }
}
