/// Breaks bytes in the ways that parsers are broken with: flips, inserts, removes, repeats and cuts.
public struct Mutator: Sendable {
  /// Where its choices come from; tests draw their own from it too.
  public var generator: SeededGenerator
  private let tokens: [[UInt8]]

  /// A mutator that also inserts `tokens`, NUL, and bytes that are no or overlong UTF-8, a surrogate, a byte order mark.
  ///
  /// - Parameters:
  ///   - seed: Where it starts; `MARTLET_FUZZ_SEED` moves it.
  ///   - tokens: Text that means something to the parser.
  public init(seed: UInt64, tokens: [String]) {
    generator = SeededGenerator(fuzzSeed: seed)
    self.tokens =
      tokens.map { Array($0.utf8) } + [[0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF]]
  }

  /// `input` with one to four changes.
  public mutating func mutate(_ input: [UInt8]) -> [UInt8] {
    var output = input
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...output.count, using: &generator)
      switch Int.random(in: 0..<7, using: &generator) {
      case 0 where place < output.count: output[place] = UInt8.random(in: 0...255, using: &generator)
      case 1 where place < output.count: output.remove(at: place)
      case 2: output.insert(contentsOf: tokens.randomElement(using: &generator) ?? [], at: place)
      case 3:
        let end = Int.random(in: place...output.count, using: &generator)
        output.insert(contentsOf: output[place..<end], at: place)
      case 4 where place > 0: output = Array(output[..<place])
      case 5 where place < output.count: output[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      default: output.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
      }
    }
    return output
  }
}
