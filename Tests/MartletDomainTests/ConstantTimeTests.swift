import MartletDomain
import MartletTestSupport
import Testing

/// Whether comparing a secret tells by its time how much of it was right.
@Suite(.serialized) struct ConstantTimeTests {
  private static let length = 4096
  private static let secret = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  /// One byte is wrong: the first, or the last.
  private static let guesses = [0, length - 1].map { place in
    var guess = secret
    guess[place] ^= 1
    return guess
  }

  /// Welch's t over the times of the two guesses, taken in turn by chance, the slowest tenth left out.
  private static func difference(_ rounds: Int, _ compare: ([UInt8]) -> Bool) -> Double {
    var random = SystemRandomNumberGenerator()
    var times: [[Double]] = [[], []]
    let clock = ContinuousClock()
    for _ in 0..<rounds {
      let kind = Int(random.next() & 1)
      let guess = guesses[kind]
      var isRight = false
      let took = clock.measure { isRight = compare(guess) }
      #expect(!isRight)
      times[kind].append(Double(took.components.attoseconds) / 1e9)
    }
    let (first, last) = (summary(times[0]), summary(times[1]))
    return (first.mean - last.mean) / (first.error + last.error).squareRoot()
  }

  private static func summary(_ times: [Double]) -> (mean: Double, error: Double) {
    let kept = times.sorted().prefix(times.count * 9 / 10)
    let mean = kept.reduce(0, +) / Double(kept.count)
    let spread = kept.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(kept.count - 1)
    return (mean, spread / Double(kept.count))
  }

  /// The times are judged at the full count alone: a busy machine would make them up. A comparison that stops at the first
  /// difference is told apart there, so the measure can tell.
  @Test func A_28_comparingTellsNothingByItsTime() {
    let secret = Secret(Self.secret)
    #expect(secret.matches(Self.secret) && !secret.matches(Self.guesses[0]) && !secret.matches(Self.secret.dropLast()))
    let rounds = TestCounts.pick(reduced: 500, full: 1_000_000)
    let told = Self.difference(rounds) { secret.matches($0) }
    let control = Self.difference(min(rounds, 100_000)) { guess in
      for index in guess.indices where guess[index] != Self.secret[index] { return false }
      return true
    }
    print("proof: A-28 count=\(rounds) t=\(told) t-of-a-comparison-that-stops=\(control)")
    if TestCounts.isFull { #expect(abs(told) < 4.5 && abs(control) > 4.5) }
  }
}
