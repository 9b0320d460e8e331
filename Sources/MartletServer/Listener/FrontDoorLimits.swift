import HTTPWire
import NIOCore

/// The numbers of the listener. All of them are in the documentation.
enum FrontDoorLimits {
  /// The request target: 8 KiB.
  static let targetBytes = 8 << 10
  /// All header fields of a request together: 32 KiB (V-080). One: 20 KiB, room for the largest token that is looked at
  /// (16 KiB). How many: 100.
  static let heads = HeadLimits(totalBytes: 32 << 10, fieldBytes: 20 << 10, fields: 100, targetBytes: targetBytes)
  /// From the first byte of a request to the end of its head: 15 s (V-084).
  static let head = TimeAmount.seconds(15)
  /// Between two requests on a connection: 75 s.
  static let idle = TimeAmount.seconds(75)
  /// How much of an answer that is complete a slow reader must have taken each time that this is over, to get the rest:
  /// 75 KiB, 1 KiB/s.
  static let taken = 75 << 10
  /// The body of a request to one of our own endpoints: 64 KiB.
  static let controlBody = 64 << 10
  /// For that body to arrive: 15 s.
  static let controlBodyTime = TimeAmount.seconds(15)
  /// For a TLS handshake: 10 s.
  static let handshake = TimeAmount.seconds(10)
  /// Records of bytes that are no request: 100 a minute.
  static let unreadableRecords = 100
  /// For a request that is on its way, on a new connection or one kept alive, when the process is told to stop: 500 ms.
  /// Closed at once, the connection would take it along.
  static let lastRequest = TimeAmount.milliseconds(500)
  /// For requests under way when the process is told to stop: 30 s.
  static let drain = TimeAmount.seconds(30)

  /// How long new connections wait before they are tried again, where the process may open no more files.
  static let acceptPause = TimeAmount.milliseconds(250)
}
