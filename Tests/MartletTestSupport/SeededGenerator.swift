import Foundation

/// SplitMix64: the same seed gives the same cases on every machine. Never for production: its output can be foretold.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Starts from a seed, always in the same place.
  public init(seed: UInt64) { state = seed }

  /// Starts from a seed that `MARTLET_FUZZ_SEED` moves, so that a long run tries new cases each time.
  public init(fuzzSeed: UInt64) {
    let salt = ProcessInfo.processInfo.environment["MARTLET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
    self.init(seed: fuzzSeed &+ salt &* 0xD1B5_4A32_D192_ED03)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
