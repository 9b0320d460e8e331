import MartletDomain
import StrictCoding
import Synchronization

/// Names requests: eight random bytes of this process and a count, so that no two requests of any process share one. They
/// needn't be unpredictable, and asking the kernel for each would cost more than reading its head.
final class RequestIDs: Sendable {
  private let process: [UInt8]
  private let count = Atomic<UInt64>(0)

  init(random: any RandomSource) { process = random.bytes(8) }

  func next() -> RequestID {
    let number = count.add(1, ordering: .relaxed).newValue
    // 56 bits: with the eight bytes before them, 20 characters without padding.
    let tail = (0..<7).map { UInt8(truncatingIfNeeded: number >> (48 - 8 * UInt64($0))) }
    return RequestID("req_" + Base64URL.encode(process + tail))
  }
}
