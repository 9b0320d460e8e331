import NIOCore

/// What one connection has written and not sent. Used on its event loop only.
public final class PendingFlush {
  private let batch: FlushBatch?
  private let isPlain: Bool
  private var context: ChannelHandlerContext?
  private var socket: PlainSocket?
  /// The one message that goes to the socket itself. A second one goes with it through the channel.
  private var message: ByteBuffer?
  /// Whether the channel was given something that it may still hold: all else goes behind that.
  private var isQueued = false

  /// - Parameters:
  ///   - batch: With which it goes out; `nil` for at once.
  ///   - isPlain: Whether what is written is what is sent: there is no TLS.
  public init(batch: FlushBatch?, isPlain: Bool) {
    self.batch = batch
    self.isPlain = isPlain
  }

  /// A buffer to write to.
  public func buffer(capacity: Int, for context: ChannelHandlerContext) -> ByteBuffer {
    batch?.buffer(capacity) ?? context.channel.allocator.buffer(capacity: capacity)
  }

  /// Writes a whole message and sends it, soon; its memory may be used again for another one.
  public func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    batch?.keep(buffer)
    post(buffer, context)
  }

  /// Writes bytes that somebody else may still look at, and sends them, soon.
  public func post(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    if message == nil, reachesSocket(context) { message = buffer } else { queue(buffer, context) }
    request(context)
  }

  /// Leaves bytes to the channel, to be sent with whatever is sent next.
  public func queue(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    isQueued = true
    if let message = message.take() { context.write(NIOAny(message), promise: nil) }
    context.write(NIOAny(buffer), promise: nil)
  }

  private func request(_ context: ChannelHandlerContext) {
    guard let batch else { return send(context) }
    guard self.context == nil else { return }
    self.context = context
    batch.add(self)
  }

  /// Sends it now, where something waits: before the connection ends.
  public func send() {
    guard let context else { return }
    self.context = nil
    send(context)
  }

  /// Sends now all that was written.
  public func send(_ context: ChannelHandlerContext) {
    guard var message = message.take() else { return context.flush() }
    message.moveReaderIndex(forwardBy: socket?.send(message) ?? 0)
    guard message.readableBytes > 0 else { return }
    // The channel waits until the reader takes more, and says what is wrong with the connection where it is broken.
    queue(message, context)
    context.flush()
  }

  /// There is nobody any more to send it to.
  public func cancel() {
    context = nil
    message = nil
    socket = nil
  }

  private func reachesSocket(_ context: ChannelHandlerContext) -> Bool {
    guard isPlain, batch != nil else { return false }
    if isQueued { isQueued = ((try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 1) > 0 }
    guard !isQueued else { return false }
    if socket == nil { socket = PlainSocket(beneath: context) }
    return socket?.isOpen ?? false
  }
}
