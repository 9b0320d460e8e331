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
  private var isDue = false

  /// - Parameters:
  ///   - batch: With which it goes out; `nil` for at once.
  ///   - isPlain: Whether what is written is what is sent: there is no TLS.
  public init(batch: FlushBatch?, isPlain: Bool) {
    self.batch = batch
    self.isPlain = isPlain
  }

  /// There is a connection; what is written without one is forgotten.
  public func attach(to context: ChannelHandlerContext) { self.context = context }

  /// There is nobody any more to send it to.
  public func detach() { (context, socket, message, isDue) = (nil, nil, nil, false) }

  /// Whether more may be written: the channel holds nothing, or little.
  public var isWritable: Bool {
    guard let context else { return false }
    return !isQueued || context.channel.isWritable
  }

  /// Whether nothing came from the other end that is yet to be read, not even its end: by what the system says right now.
  var isQuiet: Bool { findSocket()?.isQuiet ?? false }

  /// A buffer to write to.
  public func buffer(capacity: Int) -> ByteBuffer {
    batch?.buffer(capacity) ?? ByteBufferAllocator().buffer(capacity: capacity)
  }

  /// Writes a whole message and sends it, soon; its memory may be used again for another one.
  public func write(_ buffer: ByteBuffer) {
    batch?.keep(buffer)
    post(buffer)
  }

  /// Writes bytes that somebody else may still look at, and sends them, soon.
  public func post(_ buffer: ByteBuffer) {
    if message == nil, reachesSocket { message = buffer } else { queue(buffer) }
    guard let batch else { return send() }
    guard !isDue else { return }
    isDue = true
    batch.add(self)
  }

  /// Leaves bytes to the channel, to be sent with whatever is sent next.
  public func queue(_ buffer: ByteBuffer) {
    isQueued = true
    if let message = message.take() { context?.write(NIOAny(message), promise: nil) }
    context?.write(NIOAny(buffer), promise: nil)
  }

  /// Sends now what is to go out soon, where something is.
  public func sendDue() {
    if isDue { send() }
  }

  /// Sends now all that was written.
  public func send() {
    isDue = false
    guard var message = message.take() else { return context?.flush() ?? () }
    message.moveReaderIndex(forwardBy: socket?.send(message) ?? 0)
    guard message.readableBytes > 0 else { return }
    // The channel waits until the reader takes more, and says what is wrong with the connection where it is broken.
    queue(message)
    context?.flush()
  }

  private var reachesSocket: Bool {
    guard isPlain, batch != nil else { return false }
    if isQueued { isQueued = ((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 1) > 0 }
    guard !isQueued else { return false }
    return findSocket() != nil
  }

  private func findSocket() -> PlainSocket? {
    if socket == nil { socket = context.flatMap { PlainSocket(beneath: $0) } }
    return socket
  }
}
