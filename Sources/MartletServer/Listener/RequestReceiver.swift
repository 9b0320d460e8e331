import HTTPWire
import NIOCore

/// Takes what a codec read at a client's connection: the same events from each. Used on its event loop only.
protocol RequestReceiver: AnyObject {
  /// Whether a request is being answered.
  var isBusy: Bool { get }

  /// The head of a request arrived; the one before is answered.
  func begin(_ head: RequestHead, on connection: any ClientConnection)

  /// A part of its body arrived.
  func receive(_ bytes: ByteBuffer)

  /// It is complete.
  func receiveEnd()

  /// What arrived is used up, and the request isn't complete.
  func awaitMore()

  /// The answer is complete, but for its last bytes, which go out next.
  ///
  /// - Returns: Whether another request may come.
  func ended(keepsConnection: Bool) -> Bool

  /// What came isn't HTTP as it is spoken here. It has no end, so nothing more can be read from there.
  func unreadable(_ error: WireError, on connection: any ClientConnection)

  /// What waited for a slow reader has gone out, or begins to wait.
  func writabilityChanged()

  /// The process stops: an answer under way is the connection's last.
  func quiesce(_ connection: any ClientConnection)

  /// The connection is gone.
  func disconnected()
}
