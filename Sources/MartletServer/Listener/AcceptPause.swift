import Logging
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lets new connections wait while the system has no room for them. Without it the listener would ask again and again,
/// and take a core: SwiftNIO's own `AcceptBackoffHandler` holds back the next read, but what failed is still being read.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let logger: Logger
  private let words = RecordQuota(limit: 1, window: .seconds(60))

  init(_ logger: Logger) { self.logger = logger }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode),
      let options = context.channel.syncOptions
    else { return context.fireErrorCaught(error) }
    if words.take(at: .now()) != nil {
      logger.error(
        "new connections wait: this process may open no more files; raise its limit (ulimit -n, LimitNOFILE=)",
        metadata: ["error": "\(error)"])
    }
    try? options.setOption(.autoRead, value: false)
    _ = context.eventLoop.assumeIsolated().scheduleTask(in: FrontDoorLimits.acceptPause) {
      try? options.setOption(.autoRead, value: true)
    }
  }
}
