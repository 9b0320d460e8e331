import MartletDomain
import StrictCoding
import Synchronization

/// Names requests: eight random bytes of this process and a count, so that no two requests of any process share one. They
/// needn't be unpredictable, and asking the kernel for each would cost more than reading its head.
final class RequestIDs: Sendable {
  /// `req_` and eight characters for six random bytes.
  private let prefix: [UInt8]
  /// The other two random bytes, above the count.
  private let high: UInt64
  private let symbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private let count = Atomic<UInt64>(0)

  init(random: any RandomSource) {
    prefix = Array("req_".utf8) + Array(Base64URL.encode(random.bytes(6)).utf8)
    high = random.bytes(2).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// 16 random bits and a count of 56: twelve characters of six bits behind the prefix.
  func next() -> RequestID {
    let number = count.add(1, ordering: .relaxed).newValue & 0xFF_FFFF_FFFF_FFFF
    let length = prefix.count
    var text = [UInt8](repeating: 0, count: length + 12)
    text.withUnsafeMutableBufferPointer { bytes in
      for index in 0..<length { bytes[index] = prefix[index] }
      var rest = number
      for index in stride(from: length + 11, through: length + 3, by: -1) {
        bytes[index] = symbols[Int(rest & 63)]
        rest >>= 6
      }
      // Two bits of the count are left: they stand below the random ones.
      rest |= high << 2
      for index in stride(from: length + 2, through: length, by: -1) {
        bytes[index] = symbols[Int(rest & 63)]
        rest >>= 6
      }
    }
    return RequestID(ByteString(text))
  }
}
