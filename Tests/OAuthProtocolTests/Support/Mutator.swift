/// Breaks bytes in the ways that parsers are broken with.
struct Mutator {
  private var generator: SeededGenerator
  private let tokens: [[UInt8]]

  init(seed: UInt64, tokens: [String]) {
    generator = SeededGenerator(seed: seed)
    self.tokens = tokens.map { Array($0.utf8) }
  }

  mutating func mutate(_ input: [UInt8]) -> [UInt8] {
    var bytes = input
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: place)
      case 1: if place < bytes.count { bytes.remove(at: place) }
      case 2: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
      case 3: if let token = tokens.randomElement(using: &generator) { bytes.insert(contentsOf: token, at: place) }
      case 4: bytes = Array(bytes.prefix(place))
      default: bytes += bytes.suffix(place)
      }
    }
    return bytes
  }
}
