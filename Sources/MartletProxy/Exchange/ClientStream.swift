import NIOCore

/// The client's side of one exchange, as a front end offers it. Used on its event loop only.
public protocol ClientStream: AnyObject {
  /// The event loop of the connection.
  var eventLoop: any EventLoop { get }

  /// Whether what is written goes out, or waits for a slow reader.
  var isWritable: Bool { get }

  /// Bytes that wait for a slow reader.
  var waitingBytes: Int { get }

  /// Sends the head of the answer.
  ///
  /// - Parameters:
  ///   - head: Status and header fields.
  ///   - length: The length of the body in bytes; `nil` when it isn't known.
  func send(head: GatewayResponse.Head, length: Int?)

  /// Sends a part of the body at once.
  func send(body: ByteBuffer)

  /// Ends the answer.
  func finish()

  /// Ends the connection, because the answer can't be completed.
  func abort()
}
