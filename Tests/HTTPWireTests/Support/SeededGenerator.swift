import Foundation

/// SplitMix64: the same seed gives the same cases on every machine; MARTLET_FUZZ_SEED gives other ones.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    let salt = ProcessInfo.processInfo.environment["MARTLET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
    state = seed &+ salt &* 0xD1B5_4A32_D192_ED03
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Breaks bytes a little: flips, inserts, removes, repeats and cuts.
struct Mutator {
  var generator: SeededGenerator
  private let tokens: [[UInt8]]

  init(seed: UInt64, tokens: [String]) {
    generator = SeededGenerator(seed: seed)
    self.tokens =
      tokens.map { Array($0.utf8) } + [[0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF]]
  }

  mutating func mutate(_ input: [UInt8]) -> [UInt8] {
    var output = input
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...output.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0 where place < output.count: output[place] = UInt8.random(in: 0...255, using: &generator)
      case 1 where place < output.count: output.remove(at: place)
      case 2: output.insert(contentsOf: tokens.randomElement(using: &generator) ?? [], at: place)
      case 3:
        let end = Int.random(in: place...output.count, using: &generator)
        output.insert(contentsOf: output[place..<end], at: place)
      case 4 where place > 0: output = Array(output[..<place])
      default: output.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
      }
    }
    return output
  }
}

/// How many cases a corpus tries: few in the ordinary suite, all of them where a check is being proved.
enum CaseCount {
  /// Picks the count and, for a full one, tells it to `make prove`.
  static func of(_ check: String, reduced: Int, full: Int) -> Int {
    let environment = ProcessInfo.processInfo.environment
    if let rounds = environment["MARTLET_FUZZ_ROUNDS"].flatMap({ Int($0) }) { return max(rounds, reduced) }
    guard environment["MARTLET_FULL_COUNTS"] == "1" else { return reduced }
    print("proof: \(check) count=\(full)")
    return full
  }
}
