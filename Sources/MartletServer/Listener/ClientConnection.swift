import HTTPWire
import MartletProxy
import NIOCore

/// A client's connection as a codec offers it: the seam that keeps planes and codecs apart. Used on its event loop only.
protocol ClientConnection: AnyObject {
  /// The event loop of the connection.
  var eventLoop: any EventLoop { get }

  /// The address of the other end.
  var peer: String { get }

  /// Whether what is written goes out, or waits for a slow reader.
  var isWritable: Bool { get }

  /// Bytes that wait for a slow reader.
  var waitingBytes: Int { get }

  /// Sends the head of an answer.
  ///
  /// - Parameter flush: Whether it goes out at once; else with the first bytes of the body, or the end.
  /// - Returns: Whether it could be sent. A field that can't stand in a head is not.
  func send(_ head: OutgoingHead, flush: Bool) -> Bool

  /// Tells a client that waits with the body of its request to send it (RFC 9110 §10.1.1).
  func sendContinue()

  /// Sends a part of the body at once.
  func send(body: ByteBuffer)

  /// Ends the answer, and with it the exchange: the connection ends too, or another request may come, at once even.
  func finish(closes: Bool)

  /// Ends the connection, with all that was written before it: what waits for a slow reader goes out first.
  func close()

  /// Ends the connection at once, with whatever was written and isn't out.
  func cut()
}

/// The head of an answer, with what every answer carries.
struct OutgoingHead {
  let status: Int
  let fields: HeaderFields
  let requestID: String
  let isSecure: Bool
  /// How the body is framed; `none` where there can't be one.
  let framing: BodyFraming
  /// Whether the connection ends with this answer.
  let closes: Bool
}
