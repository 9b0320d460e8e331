/// What one scrypt derivation costs.
///
/// Conforms to: RFC 7914 §2. The default takes 32 MiB and some 100 ms on a small server.
public struct ScryptParameters: Hashable, Sendable {
  /// log₂ of the cost N.
  public let logCost: Int
  /// The block size r.
  public let blockSize: Int
  /// The parallelism p.
  public let parallelism: Int

  /// N = 2^15, r = 8, p = 1.
  public static let `default` = ScryptParameters()

  /// Chooses parameters; what is out of range is moved to its bound, so that a damaged record can't claim all memory.
  ///
  /// - Parameters:
  ///   - logCost: 1…18.
  ///   - blockSize: 1…16.
  ///   - parallelism: 1…4.
  public init(logCost: Int = 15, blockSize: Int = 8, parallelism: Int = 1) {
    self.logCost = min(max(logCost, 1), 18)
    self.blockSize = min(max(blockSize, 1), 16)
    self.parallelism = min(max(parallelism, 1), 4)
  }

  var cost: Int { 1 << logCost }
}
