import NIOCore

extension Channel {
  /// Bytes that wait for a slow reader.
  var waitingBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}

extension ChannelHandlerContext {
  /// Ends a connection once all is out that was written to it: a channel that is closed forgets what its reader hasn't
  /// taken yet. Bytes are what is written here.
  func closeOnceSent() {
    let (channel, sent) = (self.channel, eventLoop.makePromise(of: Void.self))
    sent.futureResult.assumeIsolated().whenComplete { _ in channel.close(promise: nil) }
    writeAndFlush(NIOAny(ByteBuffer()), promise: sent)
  }
}
