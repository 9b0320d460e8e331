import NIOCore

/// Ends connections that don't get on: a head that dribbles in, or nobody at the other end. Sits below the HTTP codec,
/// where the first byte of a request can be seen.
final class ConnectionClock: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private enum Phase {
    case idle
    case readingHead
    case exchange
  }

  private var phase = Phase.idle
  private var deadline: Scheduled<Void>?

  func channelActive(context: ChannelHandlerContext) {
    arm(FrontDoorLimits.head, context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .idle = phase {
      phase = .readingHead
      arm(FrontDoorLimits.head, context)
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  /// The head is complete: from here the exchange has its own limits.
  func headArrived() {
    phase = .exchange
    deadline?.cancel()
  }

  /// The answer is complete; another request may come.
  func exchangeEnded(context: ChannelHandlerContext) {
    phase = .idle
    arm(FrontDoorLimits.idle, context)
  }

  private func arm(_ limit: TimeAmount, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
  }
}
