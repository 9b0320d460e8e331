import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The socket of a connection without TLS: a small message goes to it in one step, past the list of writes that a channel
/// keeps. Used on its event loop only.
final class PlainSocket {
  private let channel: any Channel
  private let handle: NIOBSDSocket.Handle

  /// - Returns: `nil` where the channel has no socket of its own.
  init?(beneath context: ChannelHandlerContext) {
    let channel = context.channel
    guard
      let handle = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable({
        (handle: NIOBSDSocket.Handle) in handle
      })
    else { return nil }
    self.channel = channel
    self.handle = handle
  }

  /// Sends what the system takes at once.
  ///
  /// - Returns: How many bytes that were: fewer than there are, and zero too, where the reader is slow or the connection is
  ///   broken.
  func send(_ bytes: ByteBuffer) -> Int {
    // Once it is closed, the system may give its number to another one.
    guard channel.isActive else { return 0 }
    return bytes.withUnsafeReadableBytes { max(0, Self.write(handle, $0.baseAddress, $0.count)) }
  }

  /// Whether there is nothing to read, no end and no error either. That can be asked under TLS, too.
  var isQuiet: Bool {
    guard channel.isActive else { return false }
    var byte: UInt8 = 0
    return recv(handle, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) < 0 && errno == EAGAIN
  }

  #if canImport(Glibc)
    private static func write(_ handle: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
      Glibc.send(handle, bytes, count, CInt(MSG_NOSIGNAL))
    }
  #else
    // The channel has asked for no signals at all.
    private static func write(_ handle: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
      Darwin.send(handle, bytes, count, 0)
    }
  #endif
}
