import Foundation

/// How often a check repeats itself: a reduced count in the ordinary suite, the full one for `make prove`.
public enum TestCounts {
  /// Whether the full counts were asked for (`MARTLET_FULL_COUNTS=1`).
  public static let isFull = ProcessInfo.processInfo.environment["MARTLET_FULL_COUNTS"] == "1"

  /// Tells `make prove` how often a check was made.
  public static func prove(_ check: String, count: Int) { print("proof: \(check) count=\(count)") }

  /// One of two counts.
  public static func pick(reduced: Int, full: Int) -> Int { isFull ? full : reduced }
}
