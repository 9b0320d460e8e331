import Foundation

/// How many cases a corpus tries: few in the ordinary suite, all of them where a check is being proved.
public enum CaseCount {
  /// What `MARTLET_FUZZ_ROUNDS` asks for, where it is set.
  public static let rounds = ProcessInfo.processInfo.environment["MARTLET_FUZZ_ROUNDS"].flatMap { Int($0) }

  /// Picks the count and, for a full one, tells it to `make prove`.
  public static func of(_ check: String, reduced: Int, full: Int) -> Int {
    if let rounds { return max(rounds, reduced) }
    guard TestCounts.isFull else { return reduced }
    TestCounts.prove(check, count: full)
    return full
  }
}
