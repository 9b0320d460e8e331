import MartletDomain
import Synchronization

/// A random source that repeats itself for the same seed. Never for production: its output can be foretold.
public final class SeededRandom: RandomSource, RandomNumberGenerator, Sendable {
  private let generator: Mutex<SeededGenerator>

  /// Starts from a seed.
  public init(seed: UInt64 = 1) { generator = Mutex(SeededGenerator(seed: seed)) }

  /// The next 64 bits.
  public func next() -> UInt64 { generator.withLock { $0.next() } }

  /// Repeatable bytes.
  public func bytes(_ count: Int) -> [UInt8] {
    (0..<max(0, count)).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
  }
}
