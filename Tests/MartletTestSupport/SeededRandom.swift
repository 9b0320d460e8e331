import MartletDomain
import Synchronization

/// A random source that repeats itself for the same seed. Never for production: its output can be foretold.
public final class SeededRandom: RandomSource, RandomNumberGenerator, Sendable {
  private let state: Mutex<UInt64>

  /// Starts from a seed.
  public init(seed: UInt64 = 1) { state = Mutex(seed) }

  /// The next 64 bits (SplitMix64).
  public func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  /// Repeatable bytes.
  public func bytes(_ count: Int) -> [UInt8] {
    (0..<max(0, count)).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
  }
}
